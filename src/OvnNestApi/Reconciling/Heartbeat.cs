using OvnNestApi.Northbound;
using Ovsdb;

namespace OvnNestApi.Reconciling;

/// <summary>Renews the leadership of this process periodically, however long a pass takes.</summary>
internal sealed partial class Heartbeat(CurrentTerm term, NorthboundDb nb, TimeSpan interval, TimeProvider time, ILogger<Reconciler> logger)
{
    /// <summary>Sends heartbeats until <paramref name="end"/> is cancelled. Cancels it if another process has become the leader.</summary>
    public async Task RunAsync(CancellationTokenSource end)
    {
        while (!end.IsCancellationRequested)
        {
            await time.PauseAsync(interval, end.Token);
            try
            {
                await term.RenewAsync(await IsReachedAsync(end.Token), nb.Error, end.Token);
            }
            catch (DeposedException)
            {
                term.IsOver = true;
                await end.CancelAsync();
            }
            catch (Exception e)
            {
                // PostgreSQL is unreachable, or the term is ending. If PostgreSQL stays unreachable, another process takes over.
                if (!end.IsCancellationRequested)
                {
                    LogHeartbeat(e.Message);
                }
            }
        }
    }

    /// <summary>Returns true if the NB is claimed, the replica is complete, and the NB answers within one interval.</summary>
    private async Task<bool> IsReachedAsync(CancellationToken cancellationToken)
    {
        if (!nb.IsSynced || term.Refusal is not null)
        {
            return false;
        }

        using var timeout = new CancellationTokenSource(interval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await nb.EchoAsync(either.Token);
            return nb.IsSynced;
        }
        catch (Exception e) when (e is OvsdbException or OvsdbNotConnectedException || timeout.IsCancellationRequested)
        {
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "A heartbeat could not be sent: {Reason}")]
    private partial void LogHeartbeat(string reason);
}
