using System;
using System.Net;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace OvnNestApi.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class HostSide : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_vlan_leases_draining",
                table: "vlan_leases");

            migrationBuilder.DropIndex(
                name: "ix_placements_vm_id",
                table: "placements");

            migrationBuilder.DropColumn(
                name: "next_ip",
                table: "networks");

            migrationBuilder.AddColumn<bool>(
                name: "awaits_all_chassis",
                table: "vlan_leases",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<string>(
                name: "container_name",
                table: "vlan_leases",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "revision",
                table: "placements",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<long>(
                name: "after_revision",
                table: "lease_holds",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "clear",
                table: "lease_holds",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<bool>(
                name: "detached",
                table: "lease_holds",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<long>(
                name: "hv_cfg",
                table: "leader",
                type: "bigint",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "next_addresses",
                columns: table => new
                {
                    network_id = table.Column<Guid>(type: "uuid", nullable: false),
                    ip = table.Column<IPAddress>(type: "inet", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_next_addresses", x => x.network_id);
                    table.ForeignKey(
                        name: "fk_next_addresses_networks_network_id",
                        column: x => x.network_id,
                        principalTable: "networks",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "vlan_history",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    vm_id = table.Column<Guid>(type: "uuid", nullable: false),
                    vm_name = table.Column<string>(type: "text", nullable: false),
                    tag = table.Column<int>(type: "integer", nullable: false),
                    lease_id = table.Column<Guid>(type: "uuid", nullable: false),
                    container_id = table.Column<Guid>(type: "uuid", nullable: true),
                    container_name = table.Column<string>(type: "text", nullable: true),
                    owner = table.Column<string>(type: "text", nullable: true),
                    from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_vlan_history", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_vlan_leases_draining",
                table: "vlan_leases",
                column: "since",
                filter: "state = 'Draining'");

            migrationBuilder.CreateIndex(
                name: "ix_vlan_leases_expires_at",
                table: "vlan_leases",
                column: "expires_at",
                filter: "state = 'Reserved'");

            migrationBuilder.CreateIndex(
                name: "ix_vlan_leases_former",
                table: "vlan_leases",
                column: "container_id",
                filter: "state <> 'Bound'");

            migrationBuilder.CreateIndex(
                name: "ix_vlan_leases_name",
                table: "vlan_leases",
                columns: new[] { "vm_id", "container_name" });

            migrationBuilder.CreateIndex(
                name: "ix_vlan_leases_successor_id",
                table: "vlan_leases",
                column: "successor_id",
                filter: "successor_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ux_vlan_leases_container",
                table: "vlan_leases",
                column: "container_id",
                unique: true,
                filter: "state = 'Bound'");

            migrationBuilder.CreateIndex(
                name: "ix_placements_vm_id_host_id",
                table: "placements",
                columns: new[] { "vm_id", "host_id" });

            migrationBuilder.CreateIndex(
                name: "ix_containers_predecessor",
                table: "containers",
                columns: new[] { "vm_id", "name" },
                filter: "deleting_since IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_vlan_history_lease_id",
                table: "vlan_history",
                column: "lease_id",
                filter: "until IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_vlan_history_vm_id_tag_until",
                table: "vlan_history",
                columns: new[] { "vm_id", "tag", "until" });

            migrationBuilder.CreateIndex(
                name: "ix_vlan_history_vm_name_id",
                table: "vlan_history",
                columns: new[] { "vm_name", "id" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "next_addresses");

            migrationBuilder.DropTable(
                name: "vlan_history");

            migrationBuilder.DropIndex(
                name: "ix_vlan_leases_draining",
                table: "vlan_leases");

            migrationBuilder.DropIndex(
                name: "ix_vlan_leases_expires_at",
                table: "vlan_leases");

            migrationBuilder.DropIndex(
                name: "ix_vlan_leases_former",
                table: "vlan_leases");

            migrationBuilder.DropIndex(
                name: "ix_vlan_leases_name",
                table: "vlan_leases");

            migrationBuilder.DropIndex(
                name: "ix_vlan_leases_successor_id",
                table: "vlan_leases");

            migrationBuilder.DropIndex(
                name: "ux_vlan_leases_container",
                table: "vlan_leases");

            migrationBuilder.DropIndex(
                name: "ix_placements_vm_id_host_id",
                table: "placements");

            migrationBuilder.DropIndex(
                name: "ix_containers_predecessor",
                table: "containers");

            migrationBuilder.DropColumn(
                name: "awaits_all_chassis",
                table: "vlan_leases");

            migrationBuilder.DropColumn(
                name: "container_name",
                table: "vlan_leases");

            migrationBuilder.DropColumn(
                name: "revision",
                table: "placements");

            migrationBuilder.DropColumn(
                name: "after_revision",
                table: "lease_holds");

            migrationBuilder.DropColumn(
                name: "clear",
                table: "lease_holds");

            migrationBuilder.DropColumn(
                name: "detached",
                table: "lease_holds");

            migrationBuilder.DropColumn(
                name: "hv_cfg",
                table: "leader");

            migrationBuilder.AddColumn<IPAddress>(
                name: "next_ip",
                table: "networks",
                type: "inet",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "ix_vlan_leases_draining",
                table: "vlan_leases",
                column: "container_id",
                unique: true,
                filter: "state = 'Draining'");

            migrationBuilder.CreateIndex(
                name: "ix_placements_vm_id",
                table: "placements",
                column: "vm_id");
        }
    }
}
