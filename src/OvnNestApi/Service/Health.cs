using Microsoft.EntityFrameworkCore;
using Npgsql;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Service;

/// <summary>The health checks <c>/livez</c> and <c>/readyz</c>.</summary>
internal static class Health
{
    private const string State = """
        SELECT coalesce(northbound_seen_at > now() - interval '10 seconds', false),
            coalesce(failing_since <= now() - interval '10 seconds', false)
        FROM leader
        """;

    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints
            .MapMethods("/livez", [HttpMethods.Get, HttpMethods.Head], Live)
            .AllowAnonymous()
            .WithTags("Service")
            .Takes()
            .Describe(
                "livez",
                "Check that the process runs",
                "Responds with 200 while the process can answer requests. Checks nothing else."
            );
        endpoints
            .MapMethods("/readyz", [HttpMethods.Get, HttpMethods.Head], ReadyAsync)
            .AllowAnonymous()
            .WithTags("Service")
            .Takes()
            .Describe(
                "readyz",
                "Check that the process can serve requests",
                "Checks the database and its schema. The response also shows the state of the northbound database and of the reconciler, "
                    + "but the HTTP status does not depend on them: writes succeed without them."
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

            var (isReached, isFailing) = (await db.QueryAsync(State, row => (row.GetBoolean(0), row.GetBoolean(1)), cancellationToken))[0];
            return new JsonResult<ReadyView>(
                new("ready", "reachable", isReached ? "reachable" : "unreachable", isFailing ? "failing" : "working")
            );
        }
        catch (Exception e) when (Conflicts.Outage(e) is { } outage)
        {
            return outage;
        }
    }

    /// <summary>Returns a problem if the last migration of the database is not the one that this program was built with.</summary>
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
                < 0 => Problem.SchemaMismatch("The schema of the database is older than this program. Run the migrations."),
                _ => Problem.SchemaMismatch(
                    "The schema of the database is newer than this program. Start the program version of the schema."
                ),
            };
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return Problem.SchemaMismatch("The database has no schema. Run the migrations.");
        }
    }
}

/// <summary>Response of <c>/livez</c>.</summary>
/// <param name="Status">Always <c>alive</c>.</param>
public sealed record LiveView(string Status);

/// <summary>Response of <c>/readyz</c>.</summary>
/// <param name="Status">Always <c>ready</c>; otherwise the response is a problem.</param>
/// <param name="Database">Always <c>reachable</c>; otherwise the response is a problem.</param>
/// <param name="Northbound">
/// <c>reachable</c> if the leading reconciler had a connection to the northbound database within the last 10 s, else <c>unreachable</c>.
/// </param>
/// <param name="Reconciler">
/// <c>failing</c> if all passes of the reconciler have failed for 10 s (<c>GET /v1/reconciler</c> shows the error), else <c>working</c>.
/// </param>
public sealed record ReadyView(string Status, string Database, string Northbound, string Reconciler);
