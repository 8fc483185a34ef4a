using Microsoft.EntityFrameworkCore;
using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Placements;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>Records the outcome of a pass in one transaction, and settles what the outcome confirms.</summary>
internal sealed class PassRecorder(
    Leadership leadership,
    Transactions transactions,
    Settlement settlement,
    Readiness readiness,
    PassRecords records,
    Signals signals,
    TimeProvider time
)
{
    /// <summary>Records the outcome. A pass over some resources that found nothing new is not recorded.</summary>
    /// <exception cref="DeposedException">Another process is the leader; nothing was recorded.</exception>
    public async Task RecordAsync(NestDb db, Term term, PassOutcome outcome, CancellationToken cancellationToken)
    {
        var results = outcome.Results.Where(result => !result.IsRecorded).ToList();
        if (
            !outcome.IsFull
            && results.Count == 0
            && outcome is { Observations.Count: 0, Drained.Count: 0, HvCfg: null, HasNewBrake: false }
        )
        {
            return;
        }

        var vms = await VmsToSettleAsync(db, outcome, cancellationToken);
        var problem = await transactions.RunAsync(
            db,
            transactionToken => WriteAsync(db, term, outcome, results, vms, transactionToken),
            cancellationToken
        );
        if (problem is not null)
        {
            throw new InvalidOperationException($"The outcome of the pass could not be recorded: {problem.Detail}");
        }

        signals.Written(db);
    }

    /// <summary>Returns the VMs with a deletion or a release of a tag that can advance because of the outcome.</summary>
    private static async Task<HashSet<Guid>> VmsToSettleAsync(NestDb db, PassOutcome outcome, CancellationToken cancellationToken)
    {
        var deleted = outcome.Results.Where(result => result.Recorded.IsDeleting).Select(result => result.Recorded.VmId).OfType<Guid>();
        var drained = outcome.Desired?.Draining.Where(lease => outcome.Drained.ContainsKey(lease.Id)).Select(lease => lease.VmId) ?? [];
        var awaitingChassis = outcome.HvCfg is null
            ? []
            : await db
                .VlanLeases.Where(l => l.State == LeaseState.Draining && l.AwaitsAllChassis && l.DrainNbCfg <= outcome.HvCfg)
                .Select(l => l.VmId)
                .ToListAsync(cancellationToken);
        return [.. deleted, .. drained, .. awaitingChassis];
    }

    private async Task<Problem?> WriteAsync(
        NestDb db,
        Term term,
        PassOutcome outcome,
        List<ReconcileResult> results,
        HashSet<Guid> vms,
        CancellationToken cancellationToken
    )
    {
        var ids = results.Select(result => result.Owner.Id).ToList();
        await records.LockAsync(db, [.. vms, .. ids, .. outcome.Observations.Select(port => port.Id)], cancellationToken);
        await records.WriteAsync(db, results, cancellationToken);
        await records.WakeDependentsAsync(db, results, cancellationToken);
        var observed = await PassRecords.WriteAsync(db, outcome.Observations, cancellationToken);
        await PassRecords.WriteAsync(db, outcome.Drained, cancellationToken);
        if (outcome.HvCfg is { } hvCfg)
        {
            await db.Database.ExecuteSqlAsync(
                $"UPDATE leader SET hv_cfg = {hvCfg} WHERE hv_cfg IS DISTINCT FROM {hvCfg}",
                cancellationToken
            );
        }

        await settlement.SettleAsync(db, vms, cancellationToken);
        if (outcome.Results.Any(r => r.Recorded is { IsDeleting: true, VmId: null }))
        {
            await settlement.SettleOthersAsync(db, cancellationToken);
        }

        await readiness.EvaluateAsync(db, [.. ids, .. observed], cancellationToken);
        var duration = Math.Round(time.GetElapsedTime(outcome.StartedAt).TotalMilliseconds, 1);
        var summary = new PassSummary(outcome.IsFull, ids.Count, outcome.Operations, duration);
        await leadership.FinishAsync(db, term, summary, outcome.Brake, outcome.UsedRelease, cancellationToken);
        return null;
    }
}
