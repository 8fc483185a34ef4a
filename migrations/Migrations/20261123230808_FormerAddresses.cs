using System.Net;
using System.Net.NetworkInformation;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OvnNestApi.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class FormerAddresses : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_vlan_leases_name",
                table: "vlan_leases");

            migrationBuilder.AddColumn<IPAddress>(
                name: "former_ip",
                table: "vlan_leases",
                type: "inet",
                nullable: true);

            migrationBuilder.AddColumn<PhysicalAddress>(
                name: "former_mac",
                table: "vlan_leases",
                type: "macaddr",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "ix_vlan_leases_name",
                table: "vlan_leases",
                columns: new[] { "vm_id", "container_name" },
                filter: "former_mac IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_vlan_leases_name",
                table: "vlan_leases");

            migrationBuilder.DropColumn(
                name: "former_ip",
                table: "vlan_leases");

            migrationBuilder.DropColumn(
                name: "former_mac",
                table: "vlan_leases");

            migrationBuilder.CreateIndex(
                name: "ix_vlan_leases_name",
                table: "vlan_leases",
                columns: new[] { "vm_id", "container_name" });
        }
    }
}
