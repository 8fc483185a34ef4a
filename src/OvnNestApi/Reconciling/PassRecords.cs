using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>Statements that write the outcome of a pass, each for many resources, in the transaction of the caller.</summary>
/// <param name="kinds">All kinds with rows in the NB, in the lock order.</param>
internal sealed class PassRecords(ReconciledKinds kinds, Random random)
{
    private const double ShortestPauseSeconds = 1;
    private const double LongestPauseSeconds = 300;

    // The word TABLE is replaced by the table of the kind.
    private const string Update = """
        UPDATE TABLE t SET reconciled_seq = GREATEST(t.reconciled_seq, v.seq), in_northbound = v.in_northbound,
            rejection = v.rejection, rejected_as = v.cause, retry_at = now() + v.pause * interval '1 second',
            rejections = CASE WHEN v.pause IS NULL THEN 0 ELSE t.rejections + 1 END
        FROM unnest(@ids, @seqs, @present, @rejections, @causes, @pauses) AS v(id, seq, in_northbound, rejection, cause, pause)
        WHERE t.id = v.id
        """;

    private readonly string _lock = string.Join(
        ";\n",
        kinds
            .All.Where(kind => kind.IsLocked is not null)
            .Select(kind => $"SELECT id FROM {kind.Table} WHERE {kind.IsLocked} ORDER BY id FOR NO KEY UPDATE")
    );

    private readonly string _wake = string.Join(
        ";\n",
        kinds
            .All.Where(kind => kind.IsDependent is not null)
            .Select(kind => $"UPDATE {kind.Table} SET retry_at = now() WHERE retry_at > now() AND ({kind.IsDependent})")
    );

    /// <summary>
    /// Locks the rows of these resources before their conditions are evaluated, in the order that all writers use: routers, networks, VMs.
    /// The networks of the ports are locked as well, because PostgreSQL locks a referenced row when a transaction changes the referencing
    /// row twice. That lock would come after the locks of the VMs, while a writer of a network takes them in the opposite order. A report
    /// locks the same VMs, so of two transactions that observe one resource, the second sees what the first has written.
    /// </summary>
    public Task LockAsync(NestDb db, Guid[] objects, CancellationToken cancellationToken) =>
        db.ExecuteAsync(_lock, cancellationToken, ("ids", objects));

    /// <summary>Writes results. A resource that became dirty after the pass had read it remains dirty.</summary>
    public async Task WriteAsync(NestDb db, IReadOnlyList<ReconcileResult> results, CancellationToken cancellationToken)
    {
        var byKind = results.OrderBy(result => result.Owner.Id).ToLookup(result => result.Owner.Kind);
        foreach (var kind in kinds.All.Where(kind => byKind.Contains(kind.Kind)))
        {
            var rows = byKind[kind.Kind].ToList();
            await db.ExecuteAsync(
                Update.Replace("TABLE", kind.Table, StringComparison.Ordinal),
                cancellationToken,
                ("ids", rows.Select(r => r.Owner.Id).ToArray()),
                ("seqs", rows.Select(r => r.Recorded.DirtySeq).ToArray()),
                ("present", rows.Select(r => r.InNorthbound).ToArray()),
                ("rejections", rows.Select(r => r.Obstacle?.Message).ToArray()),
                ("causes", rows.Select(r => r.Obstacle?.Cause.ToString()).ToArray()),
                ("pauses", rows.Select(row => PauseSeconds(row)).ToArray())
            );
        }
    }

    /// <summary>Makes rejected resources due at once if a resource that they depend on is no longer rejected.</summary>
    public async Task WakeDependentsAsync(NestDb db, IReadOnlyList<ReconcileResult> results, CancellationToken cancellationToken)
    {
        var recovered = results.Where(r => r.Obstacle is null && r.Recorded.Rejection is not null).Select(r => r.Owner.Id).ToArray();
        if (recovered.Length == 0)
        {
            return;
        }

        await db.ExecuteAsync(_wake, cancellationToken, ("ids", recovered));
    }

    /// <summary>Writes observed port states. Returns the resources whose state has changed, and the containers of these VMs.</summary>
    public static async Task<List<Guid>> WriteAsync(
        NestDb db,
        IReadOnlyList<PortObservation> observations,
        CancellationToken cancellationToken
    )
    {
        if (observations.Count == 0)
        {
            return [];
        }

        var sorted = observations.OrderBy(port => port.Id).ToList();
        return await db.QueryAsync(
            """
            WITH seen AS (SELECT * FROM unnest(@ids, @ups, @tags) AS s(id, up, tag)),
                vm AS (UPDATE vms t SET up = seen.up FROM seen WHERE t.id = seen.id AND t.up <> seen.up RETURNING t.id),
                container AS (UPDATE containers t SET up = COALESCE(seen.up, t.up), observed_tag = seen.tag FROM seen
                    WHERE t.id = seen.id AND (t.up <> seen.up OR t.observed_tag IS DISTINCT FROM seen.tag) RETURNING t.id)
            SELECT id FROM vm UNION SELECT id FROM container UNION SELECT c.id FROM containers c JOIN vm ON c.vm_id = vm.id
            """,
            row => row.GetGuid(0),
            cancellationToken,
            ("ids", sorted.Select(port => port.Id).ToArray()),
            ("ups", sorted.Select(port => port.IsUp).ToArray()),
            ("tags", sorted.Select(port => port.Tag).ToArray())
        );
    }

    /// <summary>Writes the <c>nb_cfg</c> from which on no row of ours has the tags of these leases, and who else has them.</summary>
    public static async Task WriteAsync(NestDb db, IReadOnlyDictionary<Guid, DrainedTag> drained, CancellationToken cancellationToken)
    {
        if (drained.Count == 0)
        {
            return;
        }

        var (ids, numbers) = (drained.Keys.ToArray(), drained.Values.Select(tag => tag.NbCfg).ToArray());
        var users = drained.Values.Select(tag => tag.UsedBy).ToArray();
        await db.Database.ExecuteSqlAsync(
            $"""
            UPDATE vlan_leases l SET drain_nb_cfg = v.number, used_by = v.usedby
            FROM unnest({ids}, {numbers}, {users}) AS v(id, number, usedby)
            WHERE l.id = v.id AND l.state = 'Draining' AND l.drain_nb_cfg IS NULL
            """,
            cancellationToken
        );
    }

    /// <summary>
    /// Returns the pause before a rejected resource is tried again; null if it is not tried again. It doubles with each rejection, with a
    /// jitter of 20 %. A contended resource is looked at in equal intervals.
    /// </summary>
    private double? PauseSeconds(ReconcileResult result)
    {
        if (!result.RetriesLater)
        {
            return null;
        }

        if (result.Obstacle?.Cause == Reason.Contended)
        {
            return Contention.LooksAgainAfter.TotalSeconds;
        }

        var pause = ShortestPauseSeconds * Math.Pow(2, Math.Min(result.Recorded.Rejections, 20));
        return Math.Min(LongestPauseSeconds, pause) * (0.8 + 0.4 * random.NextDouble());
    }
}
