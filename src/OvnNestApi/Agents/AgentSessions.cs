using Microsoft.EntityFrameworkCore;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Agents;

/// <summary>
/// Sessions of agents: of several agents with the key of one host, only the one that was started last gets work and can report. The first
/// session after an enrolment binds the host to the <c>system-id</c> of the machine.
/// </summary>
internal sealed partial class AgentSessions(Transactions transactions, Signals signals, ILogger<AgentSessions> logger)
{
    /// <summary>Opens a session and ends the former one.</summary>
    /// <returns>The session, or 409 <c>host-identity</c> if the host is bound to another <c>system-id</c>.</returns>
    public async Task<Answer<SessionToken>> OpenAsync(
        NestDb db,
        Guid host,
        string name,
        SessionRequest request,
        CancellationToken cancellationToken
    )
    {
        var answer = await transactions.RunAsync(db, token => StoreAsync(db, host, name, request, token), cancellationToken);
        if (answer.TryGet(out var session, out var problem))
        {
            signals.Written(db);
            LogOpened(name, session.Number, request.SystemId);
            return session;
        }

        await RefuseAsync(db, host, problem, cancellationToken);
        return problem;
    }

    /// <summary>Ends the present session, and lets the next one come from a machine with any <c>system-id</c>.</summary>
    /// <returns>Null, or 404 <c>not-found</c>.</returns>
    public Task<Problem?> ResetAsync(NestDb db, string name, CancellationToken cancellationToken) =>
        transactions.RunAsync(
            db,
            async token =>
            {
                if (await db.Hosts.Where(h => h.Name == name && h.DeletingSince == null).SingleOrDefaultAsync(token) is not { } host)
                {
                    return Problem.NotFound("host", name);
                }

                await db.ExecuteAsync(ForgetSession, token, ("host", host.Id));
                ChangeLog.Add(db, "host-session", null, name, host.Id, "deleted", null, null);
                return null;
            },
            cancellationToken
        );

    /// <summary>Ends the session and the binding of a host, for a new enrolment. The number stays, so that it never repeats.</summary>
    public const string ForgetSession =
        "UPDATE host_status SET session_id = NULL, bound_system_id = NULL, refusal = NULL WHERE host_id = @host";

    /// <summary>Returns 409 <c>host-identity</c> if the host is bound to another <c>system-id</c> than this one; else null.</summary>
    public static Problem? CheckIdentity(HostStatus? status, string? systemId, string host) =>
        status?.BoundSystemId is { } bound && systemId is not null && systemId != bound
            ? Problem.HostIdentity(
                $"The host {host} is bound to the machine with system-id {bound}, but an agent with its key runs at system-id {systemId}. "
                    + $"If {host} has got a new system-id, an admin allows it with DELETE /v1/hosts/{host}/session or a new enrolment. "
                    + "Otherwise the key was copied: stop that agent."
            )
            : null;

    /// <summary>Returns the problem of a request of an agent whose session has ended; null if it has not, or for an admin.</summary>
    public static async Task<Problem?> CheckAsync(NestDb db, HttpContext context, CancellationToken cancellationToken)
    {
        var sender = Principal.Of(context);
        if (sender.HostId is not { } host)
        {
            return null;
        }

        var status = await db.HostStatus.AsNoTracking().SingleOrDefaultAsync(s => s.HostId == host, cancellationToken);
        return SessionToken.Check(SessionToken.Of(context.Request), status, sender.Name);
    }

    /// <summary>Records why an agent was refused, for the status of the host.</summary>
    public static Task RefuseAsync(NestDb db, Guid host, Problem problem, CancellationToken cancellationToken) =>
        db.ExecuteAsync(
            "UPDATE host_status SET refusal = @refusal WHERE host_id = @host AND refusal IS DISTINCT FROM @refusal",
            cancellationToken,
            ("host", host),
            ("refusal", problem.Detail)
        );

    /// <summary>Stores a session again that is later than the stored one, because an older database was restored.</summary>
    public static Task RestoreAsync(NestDb db, Guid host, SessionToken session, CancellationToken cancellationToken) =>
        db.ExecuteAsync(
            "UPDATE host_status SET session_id = @id, session_number = @number WHERE host_id = @host AND session_number < @number",
            cancellationToken,
            ("host", host),
            ("id", session.Id),
            ("number", session.Number)
        );

    private static async Task<Answer<SessionToken>> StoreAsync(
        NestDb db,
        Guid host,
        string name,
        SessionRequest request,
        CancellationToken cancellationToken
    )
    {
        var status = await db
            .HostStatus.FromSql($"SELECT * FROM host_status WHERE host_id = {host} FOR NO KEY UPDATE")
            .SingleAsync(cancellationToken);
        if (CheckIdentity(status, request.SystemId, name) is { } problem)
        {
            return problem;
        }

        if (status.SessionId != request.Id)
        {
            (status.SessionId, status.BoundSystemId, status.Refusal) = (request.Id, request.SystemId, null);
            status.SessionNumber++;

            // Ends the open poll of the former session, at every process.
            await db.ExecuteAsync("UPDATE hosts SET work_revision = work_revision + 1 WHERE id = @host", cancellationToken, ("host", host));
            db.TouchedHosts.Add(host);
        }

        return new SessionToken(status.SessionNumber, request.Id);
    }

    [LoggerMessage(LogLevel.Information, "The agent of host {Host} has opened session {Number} at system-id {SystemId}")]
    private partial void LogOpened(string host, long number, string systemId);
}
