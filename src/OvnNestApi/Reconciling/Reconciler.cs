using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OvnNestApi.Data;
using OvnNestApi.Northbound;
using OvnNestApi.Placements;
using OvnNestApi.Schema;
using Ovsdb;

namespace OvnNestApi.Reconciling;

/// <summary>
/// Makes the NB what PostgreSQL says. Of all processes one leads; it looks whenever something is dirty, has drifted, or is due. Signals
/// only say when:
/// whatever is lost, the next look finds it.
/// </summary>
internal sealed partial class Reconciler(
    Leadership leadership,
    IDbContextFactory<NestDb> databases,
    Transactions transactions,
    Settlement settlement,
    Signals signals,
    IOptions<ReconcilerOptions> reconciling,
    IOptions<NorthboundOptions> northbound,
    TimeProvider time,
    ILoggerFactory loggers
) : BackgroundService
{
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(5);
    private readonly ReconcilerOptions _options = reconciling.Value;
    private readonly ILogger _logger = loggers.CreateLogger<Reconciler>();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        if (northbound.Value.Endpoints.Length == 0)
        {
            LogNowhere();
            return;
        }
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await leadership.TakeOverAsync(stoppingToken) is { } term)
                {
                    await LeadAsync(term, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (DeposedException e)
            {
                LogDeposed(e.Message);
            }
            catch (Exception e)
            {
                LogFailed(e);
            }
            await PauseAsync(_options.Heartbeat, stoppingToken);
        }
    }

    private async Task LeadAsync(Term first, CancellationToken stoppingToken)
    {
        LogLeads(first.Epoch);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        await using var nb = new NorthboundDb(northbound.Value, signals.Dirty, time);
        using var lead = new CurrentTerm(leadership, first, signals.Dirty);
        var heartbeat = BeatAsync(lead, nb, end);
        try
        {
            await WorkAsync(lead, nb, end.Token);
        }
        catch (OperationCanceledException) when (lead.IsOver)
        {
            throw new DeposedException("Another process leads now.");
        }
        finally
        {
            await end.CancelAsync();
            await heartbeat;
            if (stoppingToken.IsCancellationRequested)
            {
                await leadership.ResignAsync(lead.Term);
            }
        }
    }

    /// <summary>Says every second that this process leads, whatever the passes do.</summary>
    private async Task BeatAsync(CurrentTerm lead, NorthboundDb nb, CancellationTokenSource end)
    {
        while (!end.IsCancellationRequested)
        {
            await PauseAsync(_options.Heartbeat, end.Token);
            try
            {
                await lead.RenewAsync(await AnswersAsync(lead, nb, end.Token), nb.Error, end.Token);
            }
            catch (DeposedException)
            {
                lead.IsOver = true;
                await end.CancelAsync();
            }
            catch (Exception e)
            {
                // PostgreSQL is out of reach, or we are ending: if it stays so, another process takes over.
                if (!end.IsCancellationRequested)
                {
                    LogHeartbeat(e.Message);
                }
            }
        }
    }

    private async Task<bool> AnswersAsync(CurrentTerm lead, NorthboundDb nb, CancellationToken cancellationToken)
    {
        if (!nb.IsSynced || lead.Refusal is not null)
        {
            return false;
        }

        using var patience = new CancellationTokenSource(_options.Heartbeat, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await nb.EchoAsync(both.Token);
            return nb.IsSynced;
        }
        catch (Exception e) when (e is OvsdbException or OvsdbNotConnectedException || patience.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task WorkAsync(CurrentTerm lead, NorthboundDb nb, CancellationToken cancellationToken)
    {
        var pass = new Pass(nb, leadership, databases, transactions, settlement, signals, _options, time, loggers.CreateLogger<Pass>());
        var schedule = new Schedule(_options, time);
        var backoff = TimeSpan.Zero;
        while (true)
        {
            // One signal for all that may have to be looked at. Taken before the state is.
            var (wake, hasMore) = (signals.Dirty.Next, false);
            try
            {
                if (nb.IsSynced && lead.Term.Mode != ReconcilerMode.Off && await IsFencedAsync(lead, nb, cancellationToken))
                {
                    var (generation, isFull) = (nb.Generation, schedule.IsFullDue(nb.Generation, lead.Term));
                    if (isFull || !schedule.IsBraked)
                    {
                        hasMore = schedule.Note(await pass.RunAsync(lead.Term, isFull, cancellationToken), generation, isFull, lead.Term);
                    }
                }
                else if (lead.Term.Mode == ReconcilerMode.Off)
                {
                    _ = nb.TakeChanges().Count(); // The comparison that follows the mode's change needs none of them.
                }
                backoff = TimeSpan.Zero;
            }
            catch (FenceFallenException e)
            {
                // Another leader, or another database: PostgreSQL knows the first, the next load shows the second.
                LogFence(e.Message);
                await lead.RenewAsync(false, e.Message, cancellationToken);
                schedule.Forget();
                backoff = _options.Poll;
            }
            catch (Exception e) when (e is not DeposedException && !cancellationToken.IsCancellationRequested)
            {
                LogPassFailed(e);
                backoff = TimeSpan.FromTicks(Math.Clamp(backoff.Ticks * 2, TimeSpan.FromMilliseconds(100).Ticks, LongestBackoff.Ticks));
            }

            if (backoff > TimeSpan.Zero)
            {
                await PauseAsync(backoff, cancellationToken);
            }
            else if (!hasMore)
            {
                await Signal.WaitAsync(wake, schedule.WaitAtMost(pass.NextIn), time, cancellationToken);
            }

            cancellationToken.ThrowIfCancellationRequested();
            await PauseAsync(schedule.Linger(), cancellationToken);
        }
    }

    /// <summary>Puts up the fence where it is missing: at the beginning, and when the database was replaced.</summary>
    private async Task<bool> IsFencedAsync(CurrentTerm lead, NorthboundDb nb, CancellationToken cancellationToken)
    {
        if (nb.IsFenced(lead.Term.Installation, lead.Term.Epoch))
        {
            return true;
        }

        await lead.RenewAsync(false, lead.Refusal, cancellationToken); // who leads no more finds out here
        var claim = await nb.ClaimAsync(lead.Term.Installation, lead.Term.Epoch, cancellationToken);
        if (claim.NewerEpoch is { } newer)
        {
            await lead.SkipAsync(newer, cancellationToken);
            claim = await nb.ClaimAsync(lead.Term.Installation, lead.Term.Epoch, cancellationToken);
        }
        if (claim.Error is { } error && error != lead.Refusal)
        {
            LogRefusal(error);
        }

        lead.Refusal = claim.Error;
        await lead.RenewAsync(claim.IsClaimed, claim.Error, cancellationToken);
        return claim.IsClaimed;
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        if (pause > TimeSpan.Zero)
        {
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "Northbound__Endpoints is not set: nothing is reconciled")]
    private partial void LogNowhere();

    [LoggerMessage(Level = LogLevel.Information, Message = "Leads, epoch {Epoch}")]
    private partial void LogLeads(long epoch);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Leads no more: {Reason}")]
    private partial void LogDeposed(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The reconciler failed and begins anew")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No heartbeat: {Reason}")]
    private partial void LogHeartbeat(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The fence has fallen: {Reason}")]
    private partial void LogFence(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Does not write: {Reason}")]
    private partial void LogRefusal(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A pass failed; it is repeated")]
    private partial void LogPassFailed(Exception exception);
}
