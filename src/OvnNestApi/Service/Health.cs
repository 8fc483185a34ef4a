using Microsoft.EntityFrameworkCore;
using Npgsql;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Service;

/// <summary>Whether the process lives, and whether it can serve: <c>/livez</c>, <c>/readyz</c>.</summary>
internal static class Health
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints
            .MapMethods("/livez", [HttpMethods.Get, HttpMethods.Head], Live)
            .AllowAnonymous()
            .WithTags("Service")
            .Takes()
            .Describe("livez", "Whether the process lives", "Answers as long as the process can answer at all; looks at nothing else.");
        endpoints
            .MapMethods("/readyz", [HttpMethods.Get, HttpMethods.Head], ReadyAsync)
            .AllowAnonymous()
            .WithTags("Service")
            .Takes()
            .Describe(
                "readyz",
                "Whether the process can serve",
                "Looks at the database and its schema. The northbound database is told but not needed: writes succeed without it."
            );
    }

    internal static JsonResult<LiveView> Live() => new(new("alive"));

    internal static async Task<Reply<JsonResult<ReadyView>>> ReadyAsync(NestDb db, CancellationToken cancellationToken)
    {
        try
        {
            if (await SchemaProblemAsync(db, cancellationToken) is { } mismatch)
            {
                return mismatch;
            }

            var seen = await db
                .Database.SqlQuery<double?>($"""SELECT extract(epoch FROM now() - northbound_seen_at)::float8 AS "Value" FROM leader""")
                .FirstOrDefaultAsync(cancellationToken);
            return new JsonResult<ReadyView>(
                new("ready", "reachable", seen is { } age && age < Grace.TotalSeconds ? "reachable" : "unreachable")
            );
        }
        catch (Exception e) when (Conflicts.Outage(e) is { } outage)
        {
            return outage;
        }
    }

    /// <summary>The last migration that the database has must be the one that this program was built with.</summary>
    private static async Task<Problem?> SchemaProblemAsync(NestDb db, CancellationToken cancellationToken)
    {
        try
        {
            var last = await db
                .Database.SqlQuery<string>($"""SELECT migration_id AS "Value" FROM schema_history ORDER BY migration_id DESC LIMIT 1""")
                .FirstOrDefaultAsync(cancellationToken);
            return string.CompareOrdinal(last, SchemaVersion.Expected) switch
            {
                0 => null,
                < 0 => Problem.SchemaMismatch("The database's schema is older than this program: run its migrations."),
                _ => Problem.SchemaMismatch("The database's schema is newer than this program: start the version that fits."),
            };
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return Problem.SchemaMismatch("The database has no schema yet: run the migrations.");
        }
    }
}

/// <summary>The answer of <c>/livez</c>.</summary>
/// <param name="Status">alive.</param>
public sealed record LiveView(string Status);

/// <summary>The answer of <c>/readyz</c>.</summary>
/// <param name="Status">ready.</param>
/// <param name="Database">reachable.</param>
/// <param name="Northbound">reachable or unreachable, as some reconciler of the installation saw it within the last 10 s.</param>
public sealed record ReadyView(string Status, string Database, string Northbound);
