using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OvnNestApi.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class NextTag : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "next_tag",
                table: "vms",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.CreateIndex(
                name: "ix_vlan_leases_owner",
                table: "vlan_leases",
                columns: new[] { "vm_id", "owner" },
                filter: "owner IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_vlan_leases_owner",
                table: "vlan_leases");

            migrationBuilder.DropColumn(
                name: "next_tag",
                table: "vms");
        }
    }
}
