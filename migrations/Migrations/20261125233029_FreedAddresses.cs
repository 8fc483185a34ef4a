using System;
using System.Net.NetworkInformation;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OvnNestApi.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class FreedAddresses : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // It meant the place after the address given last; it means the lowest one that may never have been used: sought anew.
            migrationBuilder.Sql("DELETE FROM next_addresses");

            migrationBuilder.DropForeignKey(
                name: "fk_addresses_networks_network_id",
                table: "addresses");

            migrationBuilder.AlterColumn<Guid>(
                name: "owner_id",
                table: "addresses",
                type: "uuid",
                nullable: true,
                oldClrType: typeof(Guid),
                oldType: "uuid");

            migrationBuilder.AlterColumn<PhysicalAddress>(
                name: "mac",
                table: "addresses",
                type: "macaddr",
                nullable: true,
                oldClrType: typeof(PhysicalAddress),
                oldType: "macaddr");

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "freed_at",
                table: "addresses",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "ix_addresses_freed",
                table: "addresses",
                columns: new[] { "network_id", "freed_at", "ip" },
                filter: "freed_at IS NOT NULL");

            migrationBuilder.AddForeignKey(
                name: "fk_addresses_networks_network_id",
                table: "addresses",
                column: "network_id",
                principalTable: "networks",
                principalColumn: "id",
                onDelete: ReferentialAction.Cascade);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropForeignKey(
                name: "fk_addresses_networks_network_id",
                table: "addresses");

            migrationBuilder.DropIndex(
                name: "ix_addresses_freed",
                table: "addresses");

            migrationBuilder.DropColumn(
                name: "freed_at",
                table: "addresses");

            migrationBuilder.AlterColumn<Guid>(
                name: "owner_id",
                table: "addresses",
                type: "uuid",
                nullable: false,
                defaultValue: new Guid("00000000-0000-0000-0000-000000000000"),
                oldClrType: typeof(Guid),
                oldType: "uuid",
                oldNullable: true);

            migrationBuilder.AlterColumn<PhysicalAddress>(
                name: "mac",
                table: "addresses",
                type: "macaddr",
                nullable: false,
                oldClrType: typeof(PhysicalAddress),
                oldType: "macaddr",
                oldNullable: true);

            migrationBuilder.AddForeignKey(
                name: "fk_addresses_networks_network_id",
                table: "addresses",
                column: "network_id",
                principalTable: "networks",
                principalColumn: "id",
                onDelete: ReferentialAction.Restrict);
        }
    }
}
