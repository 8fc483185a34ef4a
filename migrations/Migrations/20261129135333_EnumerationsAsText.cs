using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OvnNestApi.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class EnumerationsAsText : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // A number without a name becomes NULL, which the column refuses: then nothing is changed.
            migrationBuilder.Sql(
                """
                ALTER TABLE vms
                    ALTER COLUMN addressing TYPE text USING CASE addressing WHEN 0 THEN 'Dhcp' WHEN 1 THEN 'Static' WHEN 2 THEN 'None' END,
                    ALTER COLUMN workload TYPE text USING CASE workload WHEN 0 THEN 'Namespace' WHEN 1 THEN 'Port' WHEN 2 THEN 'None' END
                """);

            migrationBuilder.Sql(
                """
                ALTER TABLE containers
                    ALTER COLUMN addressing TYPE text USING CASE addressing WHEN 0 THEN 'Dhcp' WHEN 1 THEN 'Static' WHEN 2 THEN 'None' END,
                    ALTER COLUMN workload TYPE text USING CASE workload WHEN 0 THEN 'Namespace' WHEN 1 THEN 'Port' WHEN 2 THEN 'None' END
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                ALTER TABLE vms
                    ALTER COLUMN addressing TYPE integer
                        USING CASE addressing WHEN 'Dhcp' THEN 0 WHEN 'Static' THEN 1 WHEN 'None' THEN 2 END,
                    ALTER COLUMN workload TYPE integer USING CASE workload WHEN 'Namespace' THEN 0 WHEN 'Port' THEN 1 WHEN 'None' THEN 2 END
                """);

            migrationBuilder.Sql(
                """
                ALTER TABLE containers
                    ALTER COLUMN addressing TYPE integer
                        USING CASE addressing WHEN 'Dhcp' THEN 0 WHEN 'Static' THEN 1 WHEN 'None' THEN 2 END,
                    ALTER COLUMN workload TYPE integer USING CASE workload WHEN 'Namespace' THEN 0 WHEN 'Port' THEN 1 WHEN 'None' THEN 2 END
                """);
        }
    }
}
