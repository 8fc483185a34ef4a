using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OvnNestApi.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class LostNorthbound : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "northbound_lost_at",
                table: "leader",
                type: "timestamp with time zone",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "northbound_lost_at",
                table: "leader");
        }
    }
}
