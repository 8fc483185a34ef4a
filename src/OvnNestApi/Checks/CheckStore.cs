using System.Globalization;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Conditions;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Checks;

/// <summary>Stores checks, and reads them with their present state.</summary>
internal static class CheckStore
{
    /// <summary>Maximum number of checks of one host without a result.</summary>
    public const int MostPending = 32;

    /// <summary>Time after which a check without a result has failed, as an interval of PostgreSQL.</summary>
    public const string Lifetime = "interval '10 seconds'";

    private const string Lock = "SELECT pg_advisory_xact_lock(hashtextextended('checks ' || @host::text, 0))";

    // Fails what is too old, so that only a few checks of a host are ever without a result. A statement of its own after the lock.
    private const string Count = $"""
        WITH late AS (
            UPDATE checks SET finished_at = created_at + {Lifetime}, reason = 'HostSilent'
            WHERE host_id = @host AND finished_at IS NULL AND created_at <= now() - {Lifetime})
        SELECT count(*), clock_timestamp() FROM checks
        WHERE host_id = @host AND finished_at IS NULL AND created_at > now() - {Lifetime}
        """;

    private static readonly TimeSpan LifetimeSpan = TimeSpan.FromSeconds(10);

    /// <summary>Deletes checks after their retention.</summary>
    public static Retention Retention(TimeSpan keep) =>
        new(
            "checks",
            "DELETE FROM checks WHERE id IN (SELECT id FROM checks WHERE created_at < now() - $1 ORDER BY created_at LIMIT $2)",
            keep
        );

    /// <summary>Returns a new check, which the caller adds in the same transaction, or why it cannot be made.</summary>
    public static async Task<Answer<Check>> CreateAsync(
        NestDb db,
        Liveness liveness,
        CheckPath path,
        CheckBody body,
        CancellationToken cancellationToken
    )
    {
        if (await CheckedPort.FindAsync(db, path, cancellationToken) is not { } from)
        {
            return path.NotFound;
        }

        if (
            !from.HostOfCheck(path).TryGet(out var host, out var problem)
            || !(await CheckTarget.ResolveAsync(db, from, body.Target, cancellationToken)).TryGet(out var address, out problem)
            || !(await AdmitAsync(db, host, cancellationToken)).TryGet(out var now, out problem)
        )
        {
            return problem;
        }

        var silence = liveness.SilenceOf(host.Id, host.Name);
        return new Check
        {
            ObjectId = from.Id,
            HostId = host.Id,
            Host = host.Name,
            Namespace = from.Namespace,
            Target = body.Target ?? "",
            Address = address,
            Count = body.Count ?? Check.DefaultCount,
            By = db.Actor.By,
            CreatedAt = now,
            FinishedAt = silence is null ? null : now,
            Reason = silence is null ? null : CheckReason.HostSilent,
            Message = silence,
        };
    }

    /// <summary>Returns a check; null if there is none of this VM or container with this id.</summary>
    public static async Task<CheckView?> FindAsync(
        NestDb db,
        CheckPath path,
        Guid objectId,
        Guid id,
        CancellationToken cancellationToken
    ) =>
        (
            await ViewsAsync(db, path, "WHERE c.object_id = @object AND c.id = @id", cancellationToken, ("object", objectId), ("id", id))
        ).FirstOrDefault();

    /// <summary>Returns the checks of a VM or container, newest first.</summary>
    /// <param name="before">Id of the last check of the previous page; null for the first page.</param>
    public static Task<List<CheckView>> ListAsync(
        NestDb db,
        CheckPath path,
        Guid objectId,
        Guid? before,
        int limit,
        CancellationToken cancellationToken
    ) =>
        ViewsAsync(
            db,
            path,
            "WHERE c.object_id = @object AND c.id < @before ORDER BY c.id DESC LIMIT @limit",
            cancellationToken,
            ("object", objectId),
            ("before", before ?? Guid.AllBitsSet),
            ("limit", limit)
        );

    /// <summary>Returns the view of a check.</summary>
    /// <param name="isLate">True if its time for a result is over.</param>
    public static CheckView View(CheckPath path, Check check, bool isLate)
    {
        var (reason, finishedAt) = (check.FinishedAt, isLate) switch
        {
            ({ } at, _) => (check.Reason, (DateTimeOffset?)at),
            (_, true) => (CheckReason.HostSilent, check.CreatedAt + LifetimeSpan),
            _ => (CheckReason.HostPending, null),
        };
        return new(
            CheckKind.Ping,
            check.Target,
            check.Count,
            new(
                State(reason),
                reason,
                check.Message ?? Sentence(check, reason),
                check.Host,
                check.Address,
                check.Sent,
                check.Received,
                check is { MinMs: { } min, AvgMs: { } avg, MaxMs: { } max } ? new RoundTrip(min, avg, max) : null,
                finishedAt
            ),
            new("check", path.Vm, path.Container, check.Id, check.CreatedAt, check.By)
        );
    }

    /// <summary>Returns the present time, or 429 if too many checks of the host have no result yet.</summary>
    private static async Task<Answer<DateTimeOffset>> AdmitAsync(
        NestDb db,
        (Guid Id, string Name) host,
        CancellationToken cancellationToken
    )
    {
        await db.ExecuteAsync(Lock, cancellationToken, ("host", host.Id));
        var (pending, now) = (
            await db.QueryAsync(Count, row => (row.GetInt64(0), row.GetFieldValue<DateTimeOffset>(1)), cancellationToken, ("host", host.Id))
        )[0];
        return pending < MostPending
            ? now
            : Problem.RateLimited(
                TimeSpan.FromSeconds(1),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{pending} checks of host {host.Name} have no result yet, which is the maximum. Try again when they have finished."
                )
            );
    }

    private static Task<List<CheckView>> ViewsAsync(
        NestDb db,
        CheckPath path,
        string rest,
        CancellationToken cancellationToken,
        params (string Name, object? Value)[] parameters
    )
    {
        var table = db.EntityTable<Check>();
        return db.QueryAsync(
            $"SELECT {table.Columns("c")}, c.finished_at IS NULL AND c.created_at <= now() - {Lifetime} FROM checks c {rest}",
            row => View(path, table.Read(row), row.GetBoolean(table.Count)),
            cancellationToken,
            parameters
        );
    }

    private static CheckState State(CheckReason? reason) =>
        reason switch
        {
            null or CheckReason.NoReply => CheckState.Done,
            CheckReason.HostPending => CheckState.Pending,
            _ => CheckState.Failed,
        };

    private static string Sentence(Check check, CheckReason? reason) =>
        reason switch
        {
            null => "",
            CheckReason.HostPending => $"The agent of host {check.Host} has not sent a result yet.",
            CheckReason.HostSilent => $"The agent of host {check.Host} has sent no result within 10 s. "
                + "Look whether it runs, and whether its version supports checks.",
            CheckReason.NoNamespace => $"Host {check.Host} has no namespace {check.Namespace} for it.",
            CheckReason.NoRoute => $"The namespace {check.Namespace} has no route to {check.Address}.",
            CheckReason.NoReply => $"{check.Address} has not replied.",
            _ => $"The agent of host {check.Host} could not send the ping.",
        };
}
