using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Conditions;

/// <summary>
/// Liveness of the reconciler and of all hosts at one moment, by the database's clock. It is computed on reading, because a process that
/// has died cannot store that it died. It turns a stored condition into the current one, and adds the causes that concern all resources:
/// mode, failing passes, NB.
/// </summary>
internal sealed record Liveness
{
    private const string LeaderQuery = """
        SELECT coalesce(mode_in_force, 'Repair'), northbound_seen_at, northbound_error, resynced_at IS NOT NULL,
            coalesce(northbound_seen_at > now() - interval '10 seconds', false),
            CASE WHEN failing_since <= now() - interval '10 seconds' THEN pass_error END
        FROM leader
        """;

    private const string HostsQuery = """
        SELECT h.id, h.name, s.seen_at, coalesce(s.seen_at > now() - @silent, false), s.refusal FROM hosts h LEFT
            JOIN host_status s ON s.host_id = h.id
        """;

    /// <summary>All hosts, by id.</summary>
    public required IReadOnlyDictionary<Guid, HostLiveness> Hosts { get; init; }

    /// <summary>Mode of the reconciler.</summary>
    public ReconcilerMode Mode { get; init; }

    /// <summary>Error of the passes, if they have failed for 10 s; null if they have not.</summary>
    public string? PassError { get; init; }

    /// <summary>Time when a reconciler last reached the NB; null if never.</summary>
    public DateTimeOffset? NorthboundSeenAt { get; init; }

    /// <summary>Error of the connection to the NB; null if unknown, or if there is none.</summary>
    public string? NorthboundError { get; init; }

    /// <summary>True if a reconciler reached the NB within the last 10 s, which is enough for a restart.</summary>
    public bool IsNorthboundReached { get; init; }

    /// <summary>True if a full resync has finished since the NB was (re)loaded.</summary>
    public bool IsObserved { get; init; }

    /// <summary>Reads the current state with two small queries.</summary>
    public static async Task<Liveness> ReadAsync(NestDb db, HostOptions options, CancellationToken cancellationToken)
    {
        await db.Database.OpenConnectionAsync(cancellationToken);
        try
        {
            var hosts = await db.QueryAsync(
                HostsQuery,
                row => (Id: row.GetGuid(0), Host: ReadHost(row)),
                cancellationToken,
                ("silent", options.SilentAfter)
            );
            var leader = await db.QueryAsync(
                LeaderQuery,
                row => new Liveness
                {
                    Hosts = hosts.ToDictionary(h => h.Id, h => h.Host),
                    Mode = Enum.Parse<ReconcilerMode>(row.GetString(0)),
                    NorthboundSeenAt = Time(row, 1),
                    NorthboundError = row.IsDBNull(2) ? null : row.GetString(2),
                    IsObserved = row.GetBoolean(3),
                    IsNorthboundReached = row.GetBoolean(4),
                    PassError = row.IsDBNull(5) ? null : row.GetString(5),
                },
                cancellationToken
            );
            return leader[0];
        }
        finally
        {
            await db.Database.CloseConnectionAsync();
        }
    }

    /// <summary>Returns the current condition of a host. A host has no rows in the NB, so it is ready or silent.</summary>
    public Condition Of(Host host)
    {
        var seen = Hosts.GetValueOrDefault(host.Id);
        if (host.DeletingSince is not null)
        {
            return new(Reason.Deleting, host.Message, host.DeletingSince.Value, seen?.SeenAt);
        }

        if (seen is not { IsAlive: true })
        {
            var message = $"{Silence(host.Name, seen?.SeenAt)} {seen?.Refusal}".TrimEnd();
            return new(Reason.HostSilent, message, seen?.SeenAt ?? host.CreatedAt, seen?.SeenAt);
        }

        var since = host.Reason == Reason.Ready ? host.Since : host.CreatedAt;
        return new(Reason.Ready, "", since, seen.SeenAt);
    }

    /// <summary>Returns the current reason of a host, given its stored reason.</summary>
    public Reason OfHost(Reason stored, Guid? host) =>
        stored != Reason.Deleting && (host is not { } id || Hosts.GetValueOrDefault(id) is not { IsAlive: true })
            ? Reason.HostSilent
            : stored;

    /// <summary>Returns why a host counts as silent, as a sentence; null if its agent is alive.</summary>
    public string? SilenceOf(Guid id, string name)
    {
        var seen = Hosts.GetValueOrDefault(id);
        return seen is { IsAlive: true } ? null : Silence(name, seen?.SeenAt);
    }

    /// <summary>Returns the current reason of a resource, given its stored reason.</summary>
    /// <param name="host">Host that the resource depends on; null if none.</param>
    public Reason Of(Reason stored, bool isDirty, Guid? host)
    {
        // The order of the enumeration is the order of precedence: a cause is shown unless the stored reason precedes it.
        ReadOnlySpan<(Reason Reason, bool Holds)> causes =
        [
            (Reason.NotReconciling, Mode != ReconcilerMode.Repair || PassError is not null),
            (Reason.NorthboundUnreachable, !IsNorthboundReached),
            (Reason.Unobserved, !IsObserved),
            (Reason.NotProgrammed, isDirty && stored is not (Reason.Rejected or Reason.Contended)),
            (Reason.HostSilent, host is { } id && Hosts.GetValueOrDefault(id) is not { IsAlive: true }),
        ];
        foreach (var (reason, holds) in causes)
        {
            if (holds && stored > reason)
            {
                return reason;
            }
        }

        return stored;
    }

    /// <summary>Returns the current condition of a resource that has rows in the NB.</summary>
    /// <param name="host">Host whose agent configures the resource; null if none does.</param>
    public Condition Of(Resource resource, Guid? host)
    {
        var reason = Of(resource.Reason, resource.DirtySeq > resource.ReconciledSeq, host);
        var seen = host is { } id ? Hosts.GetValueOrDefault(id) : null;
        var observedAt = resource.ObservedAt switch
        {
            null => null,
            _ when host is null || NorthboundSeenAt < seen?.SeenAt => NorthboundSeenAt,
            _ => seen?.SeenAt,
        };
        if (reason == resource.Reason)
        {
            return new(reason, resource.Message, resource.Since, observedAt);
        }

        return reason switch
        {
            Reason.NotReconciling => new(
                reason,
                Mode != ReconcilerMode.Repair
                    ? $"The reconciler is in mode {Mode.ToString().ToLowerInvariant()} and writes nothing."
                    : $"The passes of the reconciler fail and are repeated: {PassError}",
                resource.Since,
                observedAt
            ),
            Reason.NorthboundUnreachable => new(
                reason,
                $"No reconciler can reach the northbound database{(NorthboundError is null ? "" : $": {NorthboundError}")}.",
                NorthboundSeenAt ?? resource.CreatedAt,
                observedAt
            ),
            Reason.Unobserved => new(
                reason,
                "The northbound database was (re)loaded and has not been compared with the desired state yet.",
                resource.Since,
                observedAt
            ),
            Reason.HostSilent => new(reason, Silence(seen?.Name, seen?.SeenAt), seen?.SeenAt ?? resource.CreatedAt, observedAt),
            _ => new(reason, "The rows of the resource are not in the northbound database yet.", resource.UpdatedAt, observedAt),
        };
    }

    // The name of a host that was created after this state was read is not known.
    private static string Silence(string? host, DateTimeOffset? seenAt) =>
        $"The agent of {(host is null ? "the host" : $"host {host}")} has "
        + (seenAt is null ? "never contacted the API." : $"not contacted the API since {seenAt:yyyy-MM-dd'T'HH:mm:ss'Z'}.");

    private static HostLiveness ReadHost(Npgsql.NpgsqlDataReader row) =>
        new(row.GetString(1), Time(row, 2), row.GetBoolean(3)) { Refusal = row.IsDBNull(4) ? null : row.GetString(4) };

    private static DateTimeOffset? Time(Npgsql.NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}

/// <summary>Liveness of a host's agent.</summary>
/// <param name="Name">Name of the host.</param>
/// <param name="SeenAt">Time of the last contact of the agent; null if never.</param>
/// <param name="IsAlive">True if the last contact is not older than <see cref="HostOptions.SilentAfter"/>.</param>
internal sealed record HostLiveness(string Name, DateTimeOffset? SeenAt, bool IsAlive)
{
    /// <summary>Why an agent of the host was refused; null if none was.</summary>
    public string? Refusal { get; init; }
}
