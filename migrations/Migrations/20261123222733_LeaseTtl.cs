using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OvnNestApi.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class LeaseTtl : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "ttl",
                table: "vlan_leases",
                type: "text",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "ttl",
                table: "vlan_leases");
        }
    }
}
