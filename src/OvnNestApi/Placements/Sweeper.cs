using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using OvnNestApi.Allocation;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Placements;

/// <summary>
/// Does what no event triggers: frees cooled tags and expired reservations, and settles confirmed removals. It sweeps every second while
/// a release or removal is in progress or a lease is about to end; otherwise it looks after each commit, and every 10 s. Several processes
/// can sweep at the same time: every statement skips the rows that another process has locked.
/// </summary>
internal sealed partial class Sweeper(
    IDbContextFactory<NestDb> databases,
    Transactions transactions,
    Settlement settlement,
    IEnumerable<KindRemoval> removals,
    Signals signals,
    TimeProvider time,
    ILogger<Sweeper> logger
) : BackgroundService
{
    private const string Unsettled = $"""
        SELECT vm_id FROM vlan_leases l WHERE {Releases.IsDrained}
        UNION SELECT l.vm_id FROM vlan_leases l JOIN lease_holds o ON o.lease_id = l.id JOIN host_status s ON s.host_id = o.host_id
            WHERE l.state = 'Draining' AND o.after_revision IS NOT NULL AND o.clear AND (o.detached OR s.nb_cfg >= l.drain_nb_cfg)
        UNION SELECT vm_id FROM containers WHERE deleting_since IS NOT NULL AND NOT in_northbound AND reconciled_seq >= dirty_seq
        UNION SELECT id FROM vms WHERE deleting_since IS NOT NULL AND NOT in_northbound AND reconciled_seq >= dirty_seq
        LIMIT 1000
        """;

    private readonly string _unfinished =
        string.Join(" UNION ", removals.Select(kind => $"SELECT id FROM {kind.Table} x WHERE {kind.IsGone}")) + " LIMIT 1";

    // One index lookup for each part, however many leases and resources there are.
    private readonly string _pending = $"""
        SELECT EXISTS (SELECT FROM vlan_leases WHERE state = 'Draining')
            OR EXISTS (SELECT FROM vlan_leases WHERE state = 'Cooling' AND cool_until <= now() + @rest)
            OR EXISTS (SELECT FROM vlan_leases WHERE state = 'Reserved' AND expires_at <= now() + @rest)
            OR EXISTS (SELECT FROM containers WHERE deleting_since IS NOT NULL)
            OR EXISTS (SELECT FROM vms WHERE deleting_since IS NOT NULL)
            {string.Concat(removals.Select(kind => $"OR EXISTS (SELECT FROM {kind.Table} WHERE deleting_since IS NOT NULL) "))}
        """;

    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PaceAtRest = TimeSpan.FromSeconds(10);

    /// <summary>Runs one sweep.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.ExecuteAsync(Expiry.Free, cancellationToken);
        await db.ExecuteAsync(Expiry.Return, cancellationToken);
        var vms = await db.QueryAsync(Unsettled, row => row.GetGuid(0), cancellationToken);
        var others = await db.QueryAsync(_unfinished, row => row.GetGuid(0), cancellationToken);
        if (vms.Count + others.Count == 0)
        {
            return;
        }

        var before = await LastChangeAsync(db, cancellationToken);
        await transactions.RunAsync(
            db,
            async token =>
            {
                await settlement.SettleAsync(db, vms, token);
                await settlement.SettleOthersAsync(db, token);
                return null;
            },
            cancellationToken
        );
        if (db.TouchedHosts.Count > 0 || await LastChangeAsync(db, cancellationToken) != before)
        {
            signals.Written(db);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(Pace, time, cancellationToken);
            var commit = signals.Status.Next;
            try
            {
                if (await IsPendingAsync(cancellationToken))
                {
                    await SweepAsync(cancellationToken);
                }
                else if (signals.IsRelayed)
                {
                    await Signal.WaitAsync(commit, PaceAtRest, time, cancellationToken);
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogFailure(e.Message);
            }
        }
    }

    private async Task<bool> IsPendingAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return (await db.QueryAsync(_pending, row => row.GetBoolean(0), cancellationToken, ("rest", PaceAtRest)))[0];
    }

    private static async Task<long> LastChangeAsync(NestDb db, CancellationToken cancellationToken) =>
        (await db.QueryAsync("SELECT last_value FROM change_seq", row => row.GetInt64(0), cancellationToken))[0];

    [LoggerMessage(LogLevel.Warning, "A sweep failed, next attempt in a second: {Error}")]
    private partial void LogFailure(string error);
}
