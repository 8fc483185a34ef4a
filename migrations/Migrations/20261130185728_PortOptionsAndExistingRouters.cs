using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OvnNestApi.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class PortOptionsAndExistingRouters : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string[]>(
                name: "allowed_addresses",
                table: "vms",
                type: "text[]",
                nullable: false,
                defaultValue: new string[0]);

            migrationBuilder.AddColumn<string>(
                name: "hostname",
                table: "vms",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "unknown_addresses",
                table: "vms",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<string>(
                name: "existing_name",
                table: "routers",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string[]>(
                name: "allowed_addresses",
                table: "containers",
                type: "text[]",
                nullable: false,
                defaultValue: new string[0]);

            migrationBuilder.AddColumn<string>(
                name: "hostname",
                table: "containers",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "unknown_addresses",
                table: "containers",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.CreateIndex(
                name: "ix_vms_allowed",
                table: "vms",
                column: "network_id",
                filter: "allowed_addresses <> '{}'");

            migrationBuilder.CreateIndex(
                name: "ix_containers_allowed",
                table: "containers",
                column: "network_id",
                filter: "allowed_addresses <> '{}'");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_vms_allowed",
                table: "vms");

            migrationBuilder.DropIndex(
                name: "ix_containers_allowed",
                table: "containers");

            migrationBuilder.DropColumn(
                name: "allowed_addresses",
                table: "vms");

            migrationBuilder.DropColumn(
                name: "hostname",
                table: "vms");

            migrationBuilder.DropColumn(
                name: "unknown_addresses",
                table: "vms");

            migrationBuilder.DropColumn(
                name: "existing_name",
                table: "routers");

            migrationBuilder.DropColumn(
                name: "allowed_addresses",
                table: "containers");

            migrationBuilder.DropColumn(
                name: "hostname",
                table: "containers");

            migrationBuilder.DropColumn(
                name: "unknown_addresses",
                table: "containers");
        }
    }
}
