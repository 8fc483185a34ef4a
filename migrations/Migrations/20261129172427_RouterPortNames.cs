using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OvnNestApi.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class RouterPortNames : Migration
    {
        // Claims the names of the router ports that exist. Of two equal ones, only one port could be written.
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                INSERT INTO claimed_names (scope, name, owner_id)
                SELECT 'RouterPort', r.name || '-' || n.name, n.id FROM networks n JOIN routers r ON r.id = n.router_id
                ORDER BY n.deleting_since IS NOT NULL, n.created_at
                ON CONFLICT DO NOTHING
                """
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DELETE FROM claimed_names WHERE scope = 'RouterPort'");
        }
    }
}
