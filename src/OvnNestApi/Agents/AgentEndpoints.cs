using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Agents;

/// <summary>Endpoints that a host's agent calls. An agent's credential gives access to the URLs of its own host only.</summary>
internal static class AgentEndpoints
{
    private const string ExampleReport =
        """{"cursor":"1-7","systemId":"ubuntu2","nbCfg":4,"objects":[],"bridges":[],"removed":[],"unknown":[]}""";

    internal const string SessionHeader =
        "Session of the agent. Required once a session was opened; the request of an earlier session is refused.";

    /// <summary>Maximum size of a report in bytes; enough for tens of thousands of resources.</summary>
    private const int MaxReportBytes = 32 * 1024 * 1024;

    public static void MapAgents(this IEndpointRouteBuilder api)
    {
        var agent = api.MapGroup("/hosts/{host}").WithTags("Agents").RequireAuthorization(Policies.Host);
        agent
            .MapMethods("/work", [HttpMethods.Get, HttpMethods.Head], GetWorkAsync)
            .Takes(
                new("after", "Cursor of the work that the agent already has."),
                new("wait", "How long the server waits for different work before it answers, for example 10s; at most 60s.")
            )
            .TakesHeader(SessionRequest.Header, SessionHeader)
            .Produces<HostWork>()
            .Produces(StatusCodes.Status204NoContent)
            .Describe(
                "get-host-work",
                "Read the work of a host",
                "Everything that the host must have, and what it must remove. With `after`, the server answers when the work "
                    + "differs from that cursor, or with 204 when `wait` is over."
            );
        agent
            .MapPut("/report", PutReportAsync)
            .Takes()
            .TakesHeader(SessionRequest.Header, SessionHeader)
            .TakesBody<HostReport>(JsonBody.Json, ExampleReport)
            .WithMetadata(new RequestSizeLimitAttribute(MaxReportBytes))
            .Describe(
                "put-host-report",
                "Report what a host has applied and observes",
                "The agent sends it after each pass. Sending the same report again changes nothing."
            );
        MapCredentials(agent);
    }

    private static void MapCredentials(RouteGroupBuilder agent) =>
        agent
            .MapPost("/credentials", PostCredentialAsync)
            .Takes()
            .TakesBody<EnrolmentRequest>(JsonBody.Json, Enrolments.Example)
            .Produces<EnrolmentAnswer>()
            .Describe(
                "rotate-host-credential",
                "Replace the key of a host",
                "The body contains the SHA-256 of the new key. Both keys are valid until the agent sends this request again with "
                    + "the new key. That second request revokes all other keys of the host."
            );

    internal static async Task<Reply<HostWorkResult, NoContent>> GetWorkAsync(
        string host,
        HttpContext context,
        NestDb db,
        WorkPoll poll,
        CancellationToken cancellationToken
    )
    {
        var query = new Query(context.Request);
        var (after, wait) = (query.Text("after"), query.Duration("wait") ?? TimeSpan.Zero);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (await FindAsync(host, context, db, cancellationToken) is not { } id)
        {
            return Problem.NotFound("host", host);
        }

        var reader = new WorkReader(Principal.Of(context).HostId is not null, SessionToken.Of(context.Request));
        if (!(await poll.NextAsync(id, WorkCursor.Parse(after), wait, reader, cancellationToken)).TryGet(out var work, out var refused))
        {
            return refused;
        }

        return work is null ? TypedResults.NoContent() : new HostWorkResult(work);
    }

    internal static async Task<Reply<NoContent>> PutReportAsync(
        HttpContext context,
        NestDb db,
        ReportIntake reports,
        HostPresence presence,
        Signals signals,
        CancellationToken cancellationToken
    )
    {
        var host = Principal.Of(context).HostId ?? throw new InvalidOperationException("Only an agent can send a report.");
        HostReport? report;
        try
        {
            report = await JsonSerializer.DeserializeAsync<HostReport>(context.Request.Body, ContractJson.Options, cancellationToken);
        }
        catch (JsonException e)
        {
            return Problem.MalformedJson($"The report is not valid JSON of the expected form at {e.Path ?? "$"}.");
        }

        if (report is null || HasNull(report.Objects) || HasNull(report.Bridges) || HasNull(report.Unknown))
        {
            return Problem.ValidationFailed("#", "must be a report; its lists objects, bridges and unknown must not contain null");
        }

        var session = SessionToken.Of(context.Request);
        if (!(await reports.TakeAsync(db, host, report, session, cancellationToken)).TryGet(out var isChanged, out var problem))
        {
            return problem;
        }

        presence.Seen(host);
        if (isChanged)
        {
            signals.Written(db);
        }

        return TypedResults.NoContent();
    }

    internal static async Task<Reply<JsonResult<EnrolmentAnswer>>> PostCredentialAsync(
        HttpContext context,
        NestDb db,
        Transactions transactions,
        CancellationToken cancellationToken
    )
    {
        var sender = Principal.Of(context);
        var host = sender.HostId ?? throw new InvalidOperationException("Only an agent has a credential.");
        if (!(await Enrolments.ReadKeyAsync(context.Request, cancellationToken)).TryGet(out var key, out var unreadable))
        {
            return unreadable;
        }

        var problem = await transactions.RunAsync(
            db,
            async token =>
            {
                if (await db.HostCredentials.AnyAsync(c => c.Id == sender.Id && c.KeySha256 == key, token))
                {
                    await db.HostCredentials.Where(c => c.HostId == host && c.Id != sender.Id).ExecuteDeleteAsync(token);
                }
                else if (!await db.HostCredentials.AnyAsync(c => c.HostId == host && c.KeySha256 == key, token))
                {
                    await db.HostCredentials.Where(c => c.HostId == host && c.Id != sender.Id).ExecuteDeleteAsync(token);
                    db.HostCredentials.Add(new() { HostId = host, KeySha256 = key });
                    ChangeLog.Add(db, "host-credential", null, sender.Name, host, "created", null, null);
                }

                return null;
            },
            cancellationToken
        );
        return problem is null ? new JsonResult<EnrolmentAnswer>(new(sender.Name)) : problem;
    }

    private static bool HasNull<T>(IReadOnlyList<T>? items) => items?.Any(item => item is null) ?? false;

    /// <summary>Returns the agent's own host, or for an admin the host of this name; null if it does not exist.</summary>
    private static async Task<Guid?> FindAsync(string host, HttpContext context, NestDb db, CancellationToken cancellationToken) =>
        Principal.Of(context).HostId
        ?? await db
            .Hosts.Where(h => h.Name == host)
            .OrderBy(h => h.DeletingSince != null)
            .Select(h => (Guid?)h.Id)
            .FirstOrDefaultAsync(cancellationToken);
}

/// <summary>Response with the work of a host, serialized as <see cref="ContractJson"/> defines.</summary>
internal sealed class HostWorkResult(HostWork work) : IResult, IStatusCodeHttpResult, IValueHttpResult<HostWork>
{
    public int? StatusCode => StatusCodes.Status200OK;

    public HostWork Value => work;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(work, ContractJson.Options);
        httpContext.Response.ContentType = "application/json";
        httpContext.Response.ContentLength = body.Length;
        httpContext.Response.Headers.CacheControl = "no-store";
        return HttpMethods.IsHead(httpContext.Request.Method)
            ? Task.CompletedTask
            : httpContext.Response.Body.WriteAsync(body, httpContext.RequestAborted).AsTask();
    }
}
