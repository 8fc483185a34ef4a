using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OvnNestApi.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class RouterPortColumns : Migration
    {
        // Stores the names of the ports that connect a network to its router; they were composed at every use. Logical router ports and
        // logical switch ports get one name space. Of two equal names, the newer network's router port gets a suffix.
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(name: "router_port_name", table: "networks", type: "text", nullable: true);
            migrationBuilder.AddColumn<string>(name: "switch_router_port_name", table: "networks", type: "text", nullable: true);
            migrationBuilder.Sql(
                """
                DELETE FROM claimed_names WHERE scope = 'RouterPort';
                UPDATE networks n SET router_port_name = r.name || '-' || n.name, switch_router_port_name = n.name || '-' || r.name
                FROM routers r WHERE r.id = n.router_id;
                INSERT INTO claimed_names (scope, name, owner_id)
                SELECT 'Port', router_port_name, id FROM networks
                WHERE router_port_name IS NOT NULL AND router_port_name <> switch_router_port_name
                ORDER BY deleting_since IS NOT NULL, created_at
                ON CONFLICT DO NOTHING;
                WITH renamed AS (
                    UPDATE networks n SET router_port_name = router_port_name || '-' || right(id::text, 6), dirty_seq = nextval('dirty_seq')
                    WHERE router_port_name IS NOT NULL AND deleting_since IS NULL AND (router_port_name = switch_router_port_name
                        OR NOT EXISTS (SELECT FROM claimed_names c WHERE c.scope = 'Port' AND c.name = router_port_name AND c.owner_id = n.id))
                    RETURNING router_port_name, id)
                INSERT INTO claimed_names (scope, name, owner_id) SELECT 'Port', router_port_name, id FROM renamed ON CONFLICT DO NOTHING
                """
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                DELETE FROM claimed_names c USING networks n
                WHERE c.scope = 'Port' AND c.owner_id = n.id AND c.name = n.router_port_name;
                INSERT INTO claimed_names (scope, name, owner_id)
                SELECT 'RouterPort', r.name || '-' || n.name, n.id FROM networks n JOIN routers r ON r.id = n.router_id
                ORDER BY n.deleting_since IS NOT NULL, n.created_at
                ON CONFLICT DO NOTHING
                """
            );
            migrationBuilder.DropColumn(name: "router_port_name", table: "networks");
            migrationBuilder.DropColumn(name: "switch_router_port_name", table: "networks");
        }
    }
}
