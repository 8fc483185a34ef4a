using OvnNestApi.Agent.ControlPlane;
using OvnNestApi.Agent.State;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent;

/// <summary>Report that waits to be sent.</summary>
/// <param name="HasRemovals">True if the work lists removals, so that the API waits for their confirmation.</param>
internal sealed record PendingReport(HostReport Report, bool HasRemovals);

/// <summary>Sends the reports of passes. It runs beside the passes, so that a slow or absent control plane delays no repair.</summary>
internal sealed partial class ReportSender(
    ControlPlaneClient controlPlane,
    AgentIdentity identity,
    AgentSession session,
    LatestValue<PendingReport> reports,
    Recovery recovery,
    RetrySettings retries,
    TimeProvider time,
    Random random,
    ILogger<ReportSender> logger
) : BackgroundService
{
    private readonly ReportSchedule _schedule = new(time);
    private PendingReport? _latest; // not sent yet

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        var retry = Retries.UntilSuccess(retries, time, random, LogNotSent);
        while (true)
        {
            using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, recovery.Next);
            try
            {
                await retry.RepeatAsync(SendNextAsync, attempt.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The control plane answers again: the report that waits is sent at once.
            }
            catch (SupersededException)
            {
                session.Supersede(); // the poll gets the same answer and logs it
                return;
            }
        }
    }

    // Waits until the latest report is due. After a failure the report is kept until it is sent, or a pass writes a newer one.
    private async ValueTask SendNextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (reports.TryTake(out var newer))
            {
                _latest = newer;
            }

            var pause = Timeout.InfiniteTimeSpan;
            if (_latest is { } latest && identity.Host is { } host)
            {
                pause = _schedule.TimeUntilDue(latest);
                if (pause <= TimeSpan.Zero)
                {
                    var start = time.GetTimestamp();
                    await controlPlane.ReportAsync(host, latest.Report, cancellationToken);
                    _schedule.MarkSent(latest.Report, start);
                    _latest = null;
                    return;
                }
            }

            await WaitForReportAsync(pause, cancellationToken);
        }
    }

    private async Task WaitForReportAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(pause, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            await reports.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The latest report is due.
        }
    }

    [LoggerMessage(LogLevel.Warning, "A report was not sent: {Reason}")]
    private partial void LogNotSent(string reason);
}
