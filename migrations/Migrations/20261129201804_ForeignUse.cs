using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OvnNestApi.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class ForeignUse : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "used_by",
                table: "vlan_leases",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "foreign_name",
                table: "addresses",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "foreign_port",
                table: "addresses",
                type: "uuid",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "ix_vlan_leases_foreign",
                table: "vlan_leases",
                column: "vm_id",
                filter: "state = 'Foreign'");

            migrationBuilder.CreateIndex(
                name: "ix_addresses_foreign",
                table: "addresses",
                column: "foreign_port",
                filter: "foreign_port IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                DELETE FROM vlan_leases WHERE state = 'Foreign';
                DELETE FROM addresses WHERE foreign_port IS NOT NULL AND ip IS NULL;
                UPDATE addresses SET mac = NULL, freed_at = now() WHERE foreign_port IS NOT NULL;
                """
            );

            migrationBuilder.DropIndex(
                name: "ix_vlan_leases_foreign",
                table: "vlan_leases");

            migrationBuilder.DropIndex(
                name: "ix_addresses_foreign",
                table: "addresses");

            migrationBuilder.DropColumn(
                name: "used_by",
                table: "vlan_leases");

            migrationBuilder.DropColumn(
                name: "foreign_name",
                table: "addresses");

            migrationBuilder.DropColumn(
                name: "foreign_port",
                table: "addresses");
        }
    }
}
