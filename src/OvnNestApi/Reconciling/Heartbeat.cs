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
                await term.RenewAsync(await ContactAsync(end.Token), nb.Error, end.Token);
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

    /// <summary>The NB must answer within one interval.</summary>
    private async Task<NorthboundContact> ContactAsync(CancellationToken cancellationToken)
    {
        if (!nb.IsSynced)
        {
            return NorthboundContact.Lost;
        }

        using var timeout = new CancellationTokenSource(interval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await nb.EchoAsync(either.Token);
            return term.Refusal is null ? NorthboundContact.Claimed : NorthboundContact.Unclaimed;
        }
        catch (Exception e) when (e is OvsdbException or OvsdbNotConnectedException || timeout.IsCancellationRequested)
        {
            return NorthboundContact.Lost;
        }
    }

    [LoggerMessage(LogLevel.Warning, "A heartbeat could not be sent: {Reason}")]
    private partial void LogHeartbeat(string reason);
}
