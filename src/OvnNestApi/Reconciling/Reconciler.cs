using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OvnNestApi.Data;
using OvnNestApi.Northbound;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>
/// Brings the NB to the state that PostgreSQL stores. One of all processes is the leader and runs passes; the others wait to take over.
/// </summary>
internal sealed partial class Reconciler(
    Leadership leadership,
    IDbContextFactory<NestDb> databases,
    PassRecorder recorder,
    Transactions transactions,
    Backlog backlog,
    ReconciledKinds kinds,
    MacPrefix macPrefix,
    NorthboundDbAccess access,
    Signals signals,
    IOptions<ReconcilerOptions> reconciling,
    IOptions<NorthboundOptions> northbound,
    TimeProvider time,
    Random random,
    ILoggerFactory loggers
) : BackgroundService
{
    private readonly ReconcilerOptions _options = reconciling.Value;
    private readonly ILogger<Reconciler> _logger = loggers.CreateLogger<Reconciler>();

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        if (northbound.Value.Endpoints.Length == 0)
        {
            LogNowhere();
            return;
        }

        await using var candidate = new Candidate(leadership, CreateNorthbound, _options, time);
        while (!cancellationToken.IsCancellationRequested)
        {
            // Checked more often than the leader sends heartbeats, so that a takeover does not wait for the next check.
            var pause = _options.Heartbeat / 4;
            try
            {
                if (await candidate.TakeOverAsync(cancellationToken) is var (term, nb))
                {
                    await LeadAsync(term, nb, cancellationToken);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
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
                pause = _options.Heartbeat;
            }

            await time.PauseAsync(pause, cancellationToken);
        }
    }

    /// <summary>Sends heartbeats and runs passes until another process becomes the leader, or this one stops.</summary>
    private async Task LeadAsync(Term first, NorthboundDb nb, CancellationToken cancellationToken)
    {
        LogLeads(first.Epoch);
        await using var connection = nb;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var loan = access.Lend(nb.Client);
        using var term = new CurrentTerm(leadership, first, signals.Dirty);
        var heartbeat = new Heartbeat(term, nb, _options.Heartbeat, time, _logger).RunAsync(end);
        try
        {
            await CreateLoop(term, nb).RunAsync(end.Token);
        }
        catch (OperationCanceledException) when (term.IsOver)
        {
            throw new DeposedException("Another process has become the leader.");
        }
        finally
        {
            await end.CancelAsync();
            await heartbeat;
            if (cancellationToken.IsCancellationRequested)
            {
                await leadership.ResignAsync(term.Term);
            }
        }
    }

    private NorthboundDb CreateNorthbound() => new(northbound.Value, signals.Dirty, time);

    private PassLoop CreateLoop(CurrentTerm term, NorthboundDb nb)
    {
        var foreigners = Foreigners.Of(nb, macPrefix, leadership, transactions, signals);
        var pass = new Pass(nb, databases, kinds, backlog, recorder, foreigners, _options, time, loggers.CreateLogger<Pass>());
        return new(term, nb, pass, signals, _options, time, random, _logger);
    }

    [LoggerMessage(LogLevel.Critical, "Northbound__Endpoints is not set, so nothing is reconciled")]
    private partial void LogNowhere();

    [LoggerMessage(LogLevel.Information, "Became leader, epoch {Epoch}")]
    private partial void LogLeads(long epoch);

    [LoggerMessage(LogLevel.Warning, "No longer leader: {Reason}")]
    private partial void LogDeposed(string reason);

    [LoggerMessage(LogLevel.Error, "The reconciler failed and starts again")]
    private partial void LogFailed(Exception exception);
}
