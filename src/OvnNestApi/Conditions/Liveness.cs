using Microsoft.EntityFrameworkCore;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Conditions;

/// <summary>
/// Who has been heard of, by the database's clock, at one moment: what no living process may be left to write. Read once a request, it turns
/// the stored conditions into the present ones, with what concerns every object: brake, mode, reach of the NB.
/// </summary>
internal sealed record Liveness
{
    private const string Query = """
        SELECT brake, coalesce(mode_in_force, 'Repair'), northbound_seen_at, northbound_error, resynced_at IS NOT NULL,
            coalesce(northbound_seen_at > now() - interval '10 seconds', false)
        FROM leader
        """;

    private const string Hosting = """
        SELECT h.id, h.name, s.seen_at, coalesce(s.seen_at > now() - @silent, false) FROM hosts h LEFT JOIN host_status s ON s.host_id = h.id
        """;

    /// <summary>Every host by id.</summary>
    public required IReadOnlyDictionary<Guid, HostLiveness> Hosts { get; init; }

    /// <summary>Why the reconciler holds back; null: it does not.</summary>
    public string? Brake { get; init; }

    /// <summary>The reconciler's mode.</summary>
    public ReconcilerMode Mode { get; init; }

    /// <summary>When a reconciler last reached the NB; null: never.</summary>
    public DateTimeOffset? NorthboundSeenAt { get; init; }

    /// <summary>Why it does not reach it; null: not known, or it does.</summary>
    public string? NorthboundError { get; init; }

    /// <summary>Within the grace of 10 s, in which a restart is nothing to talk of.</summary>
    public bool IsNorthboundReached { get; init; }

    /// <summary>The NB has been compared in full since it was (re)loaded.</summary>
    public bool IsObserved { get; init; }

    /// <summary>Two small queries.</summary>
    public static async Task<Liveness> ReadAsync(NestDb db, HostOptions options, CancellationToken cancellationToken)
    {
        await db.Database.OpenConnectionAsync(cancellationToken);
        try
        {
            var hosts = await db.QueryAsync(
                Hosting,
                row => (Id: row.GetGuid(0), Host: new HostLiveness(row.GetString(1), Time(row, 2), row.GetBoolean(3))),
                cancellationToken,
                ("silent", options.SilentAfter)
            );
            var leader = await db.QueryAsync(
                Query,
                row => new Liveness
                {
                    Hosts = hosts.ToDictionary(h => h.Id, h => h.Host),
                    Brake = row.IsDBNull(0) ? null : row.GetString(0),
                    Mode = Enum.Parse<ReconcilerMode>(row.GetString(1)),
                    NorthboundSeenAt = Time(row, 2),
                    NorthboundError = row.IsDBNull(3) ? null : row.GetString(3),
                    IsObserved = row.GetBoolean(4),
                    IsNorthboundReached = row.GetBoolean(5),
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

    public Condition Of(Network network) => Of(network, null);

    public Condition Of(Router router) => Of(router, null);

    /// <summary>A host has no rows in the NB: it is there, or silent.</summary>
    public Condition Of(Host host)
    {
        var seen = Hosts.GetValueOrDefault(host.Id);
        if (host.DeletingSince is not null)
        {
            return new(Reason.Deleting, host.Message, host.DeletingSince.Value, seen?.SeenAt);
        }

        return seen is { IsHeard: true }
            ? new(Reason.Ready, "", host.Reason == Reason.Ready ? host.Since : host.CreatedAt, seen.SeenAt)
            : new(Reason.HostSilent, Silence(host.Name, seen?.SeenAt), seen?.SeenAt ?? host.CreatedAt, seen?.SeenAt);
    }

    public Condition Of(Vm vm) => Of(vm, vm.Workload == Workload.None ? null : vm.HostId);

    public Condition Of(Container container, Vm vm) =>
        Of(container, container.Workload == Workload.None || vm.Workload == Workload.None ? null : vm.HostId);

    /// <summary>The present reason of a host.</summary>
    public Reason OfHost(Reason stored, Guid? host) =>
        stored != Reason.Deleting && (host is not { } id || Hosts.GetValueOrDefault(id) is not { IsHeard: true })
            ? Reason.HostSilent
            : stored;

    /// <summary>The present reason of an object, from its stored one.</summary>
    /// <param name="host">The host that the object depends on; null: none.</param>
    public Reason Of(Reason stored, bool isDirty, Guid? host)
    {
        // The order of the reasons is the order in which the causes are looked at: a cause shows unless the stored one comes before it.
        ReadOnlySpan<(Reason Reason, bool Holds)> causes =
        [
            (Reason.Braked, Brake is not null),
            (Reason.NotReconciling, Mode != ReconcilerMode.Repair),
            (Reason.NorthboundUnreachable, !IsNorthboundReached),
            (Reason.Unobserved, !IsObserved),
            (Reason.NotProgrammed, isDirty && stored is not (Reason.Rejected or Reason.Contended)),
            (Reason.HostSilent, host is { } id && Hosts.GetValueOrDefault(id) is not { IsHeard: true }),
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

    private Condition Of(Resource resource, Guid? host)
    {
        var reason = Of(resource.Reason, resource.DirtySeq > resource.ReconciledSeq, host);
        var seen = host is { } id ? Hosts.GetValueOrDefault(id) : null;
        var observedAt =
            resource.ObservedAt is null ? null
            : host is null || NorthboundSeenAt < seen?.SeenAt ? NorthboundSeenAt
            : seen?.SeenAt;
        if (reason == resource.Reason)
        {
            return new(reason, resource.Message, resource.Since, observedAt);
        }

        return reason switch
        {
            Reason.Braked => new(reason, Brake ?? "", resource.Since, observedAt),
            Reason.NotReconciling => new(
                reason,
                $"The reconciler is in mode {Mode.ToString().ToLowerInvariant()}.",
                resource.Since,
                observedAt
            ),
            Reason.NorthboundUnreachable => new(
                reason,
                $"No reconciler reaches the northbound database{(NorthboundError is null ? "" : $": {NorthboundError}")}.",
                NorthboundSeenAt ?? resource.CreatedAt,
                observedAt
            ),
            Reason.Unobserved => new(
                reason,
                "The northbound database has not been compared yet since it was loaded.",
                resource.Since,
                observedAt
            ),
            Reason.HostSilent => new(reason, Silence(seen?.Name, seen?.SeenAt), seen?.SeenAt ?? resource.CreatedAt, observedAt),
            _ => new(reason, "Its rows are not in the northbound database yet.", resource.UpdatedAt, observedAt),
        };
    }

    // A host that is newer than what is known of the hosts has no name here.
    private static string Silence(string? host, DateTimeOffset? seenAt) =>
        $"The agent of {(host is null ? "the host" : $"host {host}")} has "
        + (seenAt is null ? "never been heard of." : $"not been heard of since {seenAt:yyyy-MM-dd'T'HH:mm:ss'Z'}.");

    private static DateTimeOffset? Time(Npgsql.NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}

/// <summary>A host, and whether its agent lives.</summary>
/// <param name="Name">The host's name.</param>
/// <param name="SeenAt">When it was last heard of; null: never.</param>
/// <param name="IsHeard">That is not longer ago than <see cref="HostOptions.SilentAfter"/>.</param>
internal sealed record HostLiveness(string Name, DateTimeOffset? SeenAt, bool IsHeard);
