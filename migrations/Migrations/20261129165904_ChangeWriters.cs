using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OvnNestApi.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class ChangeWriters : Migration
    {
        // The lock is taken before the numbers of the statement's rows, so that a reader of the log can wait for the transactions that have
        // taken a number (pg_locks), whatever else runs on the server.
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                CREATE FUNCTION mark_change_writer() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    PERFORM pg_advisory_xact_lock_shared(TG_RELID::bigint);
                    RETURN NULL;
                END $$;
                CREATE TRIGGER change_writer BEFORE INSERT ON changes FOR EACH STATEMENT EXECUTE FUNCTION mark_change_writer();
                """
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP TRIGGER change_writer ON changes; DROP FUNCTION mark_change_writer();");
        }
    }
}
