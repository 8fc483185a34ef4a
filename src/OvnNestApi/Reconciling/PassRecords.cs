using Microsoft.EntityFrameworkCore;
using OvnNestApi.Northbound;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>What a pass has to say of one object.</summary>
/// <param name="Object">The object.</param>
/// <param name="Recorded">What was recorded of it when the pass began.</param>
/// <param name="Stands">It has its place in the NB.</param>
/// <param name="Obstacle">What keeps it from being as it shall be; null: nothing.</param>
/// <param name="IsPaced">It is tried again after a while that grows with every failure.</param>
internal sealed record ReconcileResult(
    OwnerRef Object,
    RecordedState Recorded,
    bool Stands,
    Obstacle? Obstacle = null,
    bool IsPaced = false
)
{
    /// <summary>It says nothing that is not recorded already.</summary>
    public bool IsKnown =>
        Recorded.DirtySeq <= Recorded.ReconciledSeq
        && Stands == Recorded.InNorthbound
        && !IsPaced
        && Recorded.RetryAt is null
        && Obstacle?.Message == Recorded.Rejection
        && Obstacle?.Cause == Recorded.RejectedAs;
}

/// <summary>What was seen of a port: <paramref name="IsUp"/> null: what was believed before.</summary>
internal readonly record struct PortObservation(Guid Id, bool? IsUp, int? Tag);

/// <summary>Writes what a pass has done and seen, set by set, in the caller's transaction.</summary>
internal static class PassRecords
{
    private const double ShortestPause = 1;
    private const double LongestPause = 300;
    private const string Update = """
        UPDATE objects t SET reconciled_seq = GREATEST(t.reconciled_seq, v.seq), in_northbound = v.stands, rejection = v.rejection,
            rejected_as = v.cause,
            retry_at = now() + v.pause * interval '1 second', rejections = CASE WHEN v.pause IS NULL THEN 0 ELSE t.rejections + 1 END
        FROM unnest({0}, {1}, {2}, {3}, {4}, {5}) AS v(id, seq, stands, rejection, cause, pause) WHERE t.id = v.id
        """;

    /// <summary>
    /// Locks, in the order of all writers, the routers and networks among these objects with the networks of the ports among them, then the
    /// VMs among
    /// them with those of the containers: before any row below them, and before their conditions are looked at. A report locks the same
    /// VMs, so that of
    /// two who learn something of one object the second sees what the first has written. The networks of ports, because PostgreSQL locks
    /// what a row
    /// refers to when one transaction changes the row twice, which would be after the VMs: a writer of a network locks them the other way
    /// round.
    /// </summary>
    public static Task LockAsync(NestDb db, Guid[] objects, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlAsync(
            $"""
            SELECT id FROM routers WHERE id = ANY({objects}) ORDER BY id FOR NO KEY UPDATE;
            SELECT id FROM networks WHERE id = ANY({objects}) OR id IN (SELECT network_id FROM vms WHERE id = ANY({objects}))
                OR id IN (SELECT network_id FROM containers WHERE id = ANY({objects}) OR vm_id = ANY({objects})) ORDER BY id
                    FOR NO KEY UPDATE;
            SELECT id FROM vms WHERE id = ANY({objects}) OR id IN (SELECT vm_id FROM containers WHERE id = ANY({objects}))
                ORDER BY id FOR NO KEY UPDATE
            """,
            cancellationToken
        );

    /// <summary>Records verdicts: what was dirty when the pass read it is dealt with; what got dirty since stays dirty.</summary>
    public static async Task WriteAsync(NestDb db, IReadOnlyList<ReconcileResult> verdicts, CancellationToken cancellationToken)
    {
        foreach (var kind in verdicts.GroupBy(verdict => verdict.Object.Kind).OrderBy(kind => kind.Key))
        {
            var all = kind.OrderBy(verdict => verdict.Object.Id).ToList();
            var pauses = all.Select(v =>
                    v.IsPaced
                        ? Math.Min(LongestPause, ShortestPause * Math.Pow(2, Math.Min(v.Recorded.Rejections, 20)))
                            * (0.8 + 0.4 * Random.Shared.NextDouble())
                        : (double?)null
                )
                .ToArray();
            var table = kind.Key switch
            {
                OwnerKind.Router => "routers",
                OwnerKind.Network => "networks",
                OwnerKind.Vm => "vms",
                _ => "containers",
            };
            await db.Database.ExecuteSqlRawAsync(
                Update.Replace("objects", table, StringComparison.Ordinal),
                [
                    all.Select(v => v.Object.Id).ToArray(),
                    all.Select(v => v.Recorded.DirtySeq).ToArray(),
                    all.Select(v => v.Stands).ToArray(),
                    all.Select(v => v.Obstacle?.Message).ToArray(),
                    all.Select(v => v.Obstacle?.Cause.ToString()).ToArray(),
                    pauses,
                ],
                cancellationToken
            );
        }
    }

    /// <summary>What waited for one of these is tried again at once.</summary>
    public static async Task WakeDependentsAsync(NestDb db, IReadOnlyList<ReconcileResult> verdicts, CancellationToken cancellationToken)
    {
        var recovered = verdicts.Where(v => v.Obstacle is null && v.Recorded.Rejection is not null).Select(v => v.Object.Id).ToArray();
        if (recovered.Length == 0)
        {
            return;
        }

        await db.Database.ExecuteSqlAsync(
            $"""
            UPDATE networks SET retry_at = now() WHERE retry_at > now() AND router_id = ANY({recovered});
            UPDATE vms SET retry_at = now() WHERE retry_at > now() AND network_id = ANY({recovered});
            UPDATE containers SET retry_at = now() WHERE retry_at > now() AND (network_id = ANY({recovered}) OR vm_id = ANY({recovered}));
            """,
            cancellationToken
        );
    }

    /// <summary>
    /// Records what was seen of ports; returns the objects for which that is news, and the containers whose VM it concerns.
    /// </summary>
    public static async Task<List<Guid>> WriteAsync(
        NestDb db,
        IReadOnlyList<PortObservation> sightings,
        CancellationToken cancellationToken
    )
    {
        if (sightings.Count == 0)
        {
            return [];
        }

        var sorted = sightings.OrderBy(s => s.Id).ToList();
        var (ids, ups, tags) = (
            sorted.Select(s => s.Id).ToArray(),
            sorted.Select(s => s.IsUp).ToArray(),
            sorted.Select(s => s.Tag).ToArray()
        );
        return await db
            .Database.SqlQuery<Guid>(
                $"""
                WITH seen AS (SELECT * FROM unnest({ids}, {ups}, {tags}) AS s(id, up, tag)),
                    vm AS (UPDATE vms t SET up = seen.up FROM seen WHERE t.id = seen.id AND t.up <> seen.up RETURNING t.id),
                    container AS (UPDATE containers t SET up = COALESCE(seen.up, t.up), observed_tag = seen.tag FROM seen
                        WHERE t.id = seen.id AND (t.up <> seen.up OR t.observed_tag IS DISTINCT FROM seen.tag) RETURNING t.id)
                SELECT id AS "Value" FROM vm UNION SELECT id FROM container UNION SELECT c.id FROM containers c JOIN vm ON c.vm_id = vm.id
                """
            )
            .ToListAsync(cancellationToken);
    }

    /// <summary>Records since which <c>nb_cfg</c> the NB is without these released tags.</summary>
    public static async Task WriteAsync(NestDb db, Dictionary<Guid, long> drained, CancellationToken cancellationToken)
    {
        if (drained.Count == 0)
        {
            return;
        }

        var (ids, numbers) = (drained.Keys.ToArray(), drained.Values.ToArray());
        await db.Database.ExecuteSqlAsync(
            $"""
            UPDATE vlan_leases l SET drain_nb_cfg = v.number FROM unnest({ids}, {numbers}) AS v(id, number)
            WHERE l.id = v.id AND l.state = 'Draining' AND l.drain_nb_cfg IS NULL
            """,
            cancellationToken
        );
    }
}
