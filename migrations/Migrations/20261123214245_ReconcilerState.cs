using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OvnNestApi.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class ReconcilerState : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "rejected_as",
                table: "vms",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "rejected_as",
                table: "routers",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "rejected_as",
                table: "networks",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "brake_id",
                table: "leader",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "last_pass",
                table: "leader",
                type: "json",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "last_pass_at",
                table: "leader",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "mode",
                table: "leader",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "mode_in_force",
                table: "leader",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "released_brake",
                table: "leader",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "rejected_as",
                table: "hosts",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "rejected_as",
                table: "containers",
                type: "text",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "ix_vms_retry",
                table: "vms",
                column: "retry_at",
                filter: "retry_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_vlan_leases_in_northbound",
                table: "vlan_leases",
                column: "drain_nb_cfg",
                filter: "state = 'Draining' AND drain_nb_cfg IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_routers_retry",
                table: "routers",
                column: "retry_at",
                filter: "retry_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_networks_retry",
                table: "networks",
                column: "retry_at",
                filter: "retry_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_hosts_retry",
                table: "hosts",
                column: "retry_at",
                filter: "retry_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_containers_retry",
                table: "containers",
                column: "retry_at",
                filter: "retry_at IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_vms_retry",
                table: "vms");

            migrationBuilder.DropIndex(
                name: "ix_vlan_leases_in_northbound",
                table: "vlan_leases");

            migrationBuilder.DropIndex(
                name: "ix_routers_retry",
                table: "routers");

            migrationBuilder.DropIndex(
                name: "ix_networks_retry",
                table: "networks");

            migrationBuilder.DropIndex(
                name: "ix_hosts_retry",
                table: "hosts");

            migrationBuilder.DropIndex(
                name: "ix_containers_retry",
                table: "containers");

            migrationBuilder.DropColumn(
                name: "rejected_as",
                table: "vms");

            migrationBuilder.DropColumn(
                name: "rejected_as",
                table: "routers");

            migrationBuilder.DropColumn(
                name: "rejected_as",
                table: "networks");

            migrationBuilder.DropColumn(
                name: "brake_id",
                table: "leader");

            migrationBuilder.DropColumn(
                name: "last_pass",
                table: "leader");

            migrationBuilder.DropColumn(
                name: "last_pass_at",
                table: "leader");

            migrationBuilder.DropColumn(
                name: "mode",
                table: "leader");

            migrationBuilder.DropColumn(
                name: "mode_in_force",
                table: "leader");

            migrationBuilder.DropColumn(
                name: "released_brake",
                table: "leader");

            migrationBuilder.DropColumn(
                name: "rejected_as",
                table: "hosts");

            migrationBuilder.DropColumn(
                name: "rejected_as",
                table: "containers");
        }
    }
}
