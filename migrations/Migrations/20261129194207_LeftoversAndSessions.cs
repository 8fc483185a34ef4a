using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OvnNestApi.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class LeftoversAndSessions : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "left_port_name",
                table: "vms",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "bound_system_id",
                table: "host_status",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "refusal",
                table: "host_status",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "session_id",
                table: "host_status",
                type: "uuid",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "session_number",
                table: "host_status",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.CreateTable(
                name: "leftovers",
                columns: table => new
                {
                    host_id = table.Column<Guid>(type: "uuid", nullable: false),
                    object_id = table.Column<Guid>(type: "uuid", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    revision = table.Column<long>(type: "bigint", nullable: false),
                    @interface = table.Column<string>(name: "interface", type: "text", nullable: false),
                    @namespace = table.Column<string>(name: "namespace", type: "text", nullable: false),
                    bridge = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_leftovers", x => new { x.host_id, x.object_id });
                    table.ForeignKey(
                        name: "fk_leftovers_hosts_host_id",
                        column: x => x.host_id,
                        principalTable: "hosts",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "leftovers");

            migrationBuilder.DropColumn(
                name: "left_port_name",
                table: "vms");

            migrationBuilder.DropColumn(
                name: "bound_system_id",
                table: "host_status");

            migrationBuilder.DropColumn(
                name: "refusal",
                table: "host_status");

            migrationBuilder.DropColumn(
                name: "session_id",
                table: "host_status");

            migrationBuilder.DropColumn(
                name: "session_number",
                table: "host_status");
        }
    }
}
