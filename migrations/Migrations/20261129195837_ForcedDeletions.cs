using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OvnNestApi.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class ForcedDeletions : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(
                name: "deletion_forced",
                table: "routers",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<bool>(
                name: "deletion_forced",
                table: "networks",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            // The leader describes what the brake withholds again with its first pass.
            migrationBuilder.Sql("ALTER TABLE leader ALTER COLUMN brake TYPE json USING NULL");
            migrationBuilder.Sql("UPDATE leader SET brake_id = NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "deletion_forced",
                table: "routers");

            migrationBuilder.DropColumn(
                name: "deletion_forced",
                table: "networks");

            migrationBuilder.Sql("ALTER TABLE leader ALTER COLUMN brake TYPE text USING NULL");
            migrationBuilder.Sql("UPDATE leader SET brake_id = NULL");
        }
    }
}
