using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OvnNestApi.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class LeasesOfName : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_vlan_leases_name",
                table: "vlan_leases");

            migrationBuilder.CreateIndex(
                name: "ix_vlan_leases_name",
                table: "vlan_leases",
                columns: new[] { "vm_id", "container_name" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_vlan_leases_name",
                table: "vlan_leases");

            migrationBuilder.CreateIndex(
                name: "ix_vlan_leases_name",
                table: "vlan_leases",
                columns: new[] { "vm_id", "container_name" },
                filter: "former_mac IS NOT NULL");
        }
    }
}
