using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using NpgsqlTypes;
using OvnNestApi.Checks;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Agents;

/// <summary>Handlers of the requests of agents: which checks to run, and their results.</summary>
internal static class HostCheckEndpoints
{
    private const int LongestMessage = 500;
    private const string ExampleResult = """{"sent":3,"received":3,"roundTripMs":{"min":0.2,"avg":0.3,"max":0.5}}""";

    private const string Pending = $"""
        SELECT id, object_id, namespace, address, count FROM checks
        WHERE host_id = @host AND finished_at IS NULL AND created_at > now() - {CheckStore.Lifetime} AND id <> ALL(@running)
        ORDER BY created_at
        """;

    private const string Finish = $"""
        UPDATE checks SET finished_at = now(), sent = @sent, received = @received, min_ms = @min, avg_ms = @avg, max_ms = @max,
            reason = @reason, message = @message
        WHERE id = @id AND host_id = @host AND finished_at IS NULL AND created_at > now() - {CheckStore.Lifetime}
        """;

    public static void MapHostChecks(this IEndpointRouteBuilder api)
    {
        var checks = api.MapGroup("/hosts/{host}/checks").WithTags("Agents").RequireAuthorization(Policies.Host);
        checks
            .MapMethods("/", [HttpMethods.Get, HttpMethods.Head], GetAsync)
            .Takes(
                new("wait", "How long the server waits for a check before it answers, for example 10s; at most 60s."),
                new("running", "Ids of checks that the agent has already, comma-separated; they are left out.")
            )
            .TakesHeader(SessionRequest.Header, AgentEndpoints.SessionHeader)
            .Produces(StatusCodes.Status204NoContent)
            .Describe(
                "get-host-checks",
                "Read the checks that a host must run",
                "Returns the checks that wait for a result, or 204 if there are none when `wait` is over."
            );
        checks
            .MapPut("/{id}", PutAsync)
            .Takes()
            .TakesHeader(SessionRequest.Header, AgentEndpoints.SessionHeader)
            .TakesBody<CheckResult>(JsonBody.Json, ExampleResult)
            .Describe(
                "put-host-check-result",
                "Report the result of a check",
                "The first result counts. A later one, or one that comes when the check has failed, changes nothing."
            );
    }

    internal static async Task<Reply<JsonResult<HostChecks>, NoContent>> GetAsync(
        string host,
        HttpContext context,
        IDbContextFactory<NestDb> databases,
        Signals signals,
        StateWait waiting,
        CancellationToken cancellationToken
    )
    {
        var query = new Query(context.Request);
        var (wait, running) = (query.Duration("wait") ?? TimeSpan.Zero, Ids(query.Text("running")));
        if ((query.Problem ?? running.Problem) is { } problem)
        {
            return problem;
        }

        if (await FindAsync(host, context, databases, cancellationToken) is not { } id)
        {
            return Problem.NotFound("host", host);
        }

        running.TryGet(out var known, out _);
        List<HostCheck> items = [];
        Problem? refused = null;
        await waiting.UntilAsync(
            signals.Checks(id),
            async token =>
            {
                await using var db = await databases.CreateDbContextAsync(token);
                refused = await AgentSessions.CheckAsync(db, context, token);
                items = refused is null ? await PendingAsync(db, id, known ?? [], token) : [];
                return refused is not null || items.Count > 0;
            },
            wait,
            cancellationToken
        );
        if (refused is not null)
        {
            return refused;
        }

        return items.Count > 0 ? new JsonResult<HostChecks>(new(items)) : TypedResults.NoContent();
    }

    internal static async Task<Reply<NoContent>> PutAsync(
        string id,
        HttpContext context,
        NestDb db,
        Signals signals,
        CancellationToken cancellationToken
    )
    {
        var host = Principal.Of(context).HostId ?? throw new InvalidOperationException("Only an agent can send a result.");
        if (!(await ReadResultAsync(context.Request, cancellationToken)).TryGet(out var result, out var malformed))
        {
            return malformed;
        }

        if (await AgentSessions.CheckAsync(db, context, cancellationToken) is { } refused)
        {
            return refused;
        }

        if (
            !Guid.TryParseExact(id, "D", out var check)
            || !await db.Checks.AnyAsync(c => c.Id == check && c.HostId == host, cancellationToken)
        )
        {
            return Problem.NotFound("No check of this host has this id.");
        }

        if (await FinishAsync(db, host, check, result, cancellationToken))
        {
            signals.Logged();
        }

        return TypedResults.NoContent();
    }

    private static async Task<Answer<CheckResult>> ReadResultAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return
                await JsonSerializer.DeserializeAsync<CheckResult>(request.Body, ContractJson.Options, cancellationToken) is { } result
                && IsConsistent(result)
                ? result
                : Problem.ValidationFailed("#", "must be a result: received is at most sent, and round-trip times are those of replies");
        }
        catch (JsonException e)
        {
            return Problem.MalformedJson($"The result is not valid JSON of the expected form at {e.Path ?? "$"}.");
        }
    }

    private static Answer<Guid[]> Ids(string? text)
    {
        var parts = text?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? [];
        var ids = parts.Where(part => Guid.TryParseExact(part, "D", out _)).Select(Guid.Parse).ToArray();
        return ids.Length == parts.Length ? ids : Problem.InvalidParameter("running must be a comma-separated list of ids of checks.");
    }

    /// <summary>Returns the agent's own host, or for an admin the host of this name; null if it does not exist.</summary>
    private static async Task<Guid?> FindAsync(
        string host,
        HttpContext context,
        IDbContextFactory<NestDb> databases,
        CancellationToken cancellationToken
    )
    {
        if (Principal.Of(context).HostId is { } own)
        {
            return own;
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db
            .Hosts.Where(h => h.Name == host)
            .OrderBy(h => h.DeletingSince != null)
            .Select(h => (Guid?)h.Id)
            .FirstOrDefaultAsync(cancellationToken);
    }

    private static Task<List<HostCheck>> PendingAsync(NestDb db, Guid host, Guid[] running, CancellationToken cancellationToken) =>
        db.QueryAsync(
            Pending,
            row => new HostCheck(
                row.GetGuid(0),
                row.GetGuid(1),
                row.GetString(2),
                row.GetFieldValue<System.Net.IPAddress>(3).ToString(),
                row.GetInt32(4)
            ),
            cancellationToken,
            ("host", host),
            ("running", running)
        );

    /// <summary>Stores the result, and returns true if it is the first one and in time.</summary>
    private static async Task<bool> FinishAsync(
        NestDb db,
        Guid host,
        Guid check,
        CheckResult result,
        CancellationToken cancellationToken
    ) =>
        await db.ExecuteAsync(
            Finish,
            cancellationToken,
            ("id", check),
            ("host", host),
            ("sent", Sql.Typed(NpgsqlDbType.Integer, result.Failure is null ? result.Sent : null)),
            ("received", Sql.Typed(NpgsqlDbType.Integer, result.Failure is null ? result.Received : null)),
            ("min", Sql.Typed(NpgsqlDbType.Double, result.RoundTripMs?.Min)),
            ("avg", Sql.Typed(NpgsqlDbType.Double, result.RoundTripMs?.Avg)),
            ("max", Sql.Typed(NpgsqlDbType.Double, result.RoundTripMs?.Max)),
            ("reason", Sql.Typed(NpgsqlDbType.Text, Reason(result)?.ToString())),
            ("message", Sql.Typed(NpgsqlDbType.Text, Clean(result.Message)))
        ) > 0;

    private static bool IsConsistent(CheckResult result) =>
        result is { Sent: >= 0 and <= 10, Received: >= 0 }
        && result.Received <= result.Sent
        && (result.RoundTripMs is not null) == (result.Received > 0)
        && result.RoundTripMs is null or { Min: >= 0 };

    private static CheckReason? Reason(CheckResult result) =>
        (result.Failure, result.Received) switch
        {
            (CheckFailure.NoNamespace, _) => CheckReason.NoNamespace,
            (CheckFailure.NoRoute, _) => CheckReason.NoRoute,
            (not null, _) => CheckReason.Error,
            (null, 0) => CheckReason.NoReply,
            _ => null,
        };

    private static string? Clean(string? message)
    {
        var text = message is null ? null : string.Concat(message.Select(c => char.IsControl(c) ? ' ' : c));
        return text?.Length > LongestMessage ? text[..LongestMessage] : text;
    }
}
