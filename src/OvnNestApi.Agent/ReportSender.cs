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
    LatestValue<PendingReport> reports,
    RetrySettings retries,
    TimeProvider time,
    ILogger<ReportSender> logger
) : BackgroundService
{
    private readonly ReportSchedule _schedule = new(time);

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        var retry = Retries.UntilSuccess(retries, time, LogNotSent);
        while (true)
        {
            await retry.ExecuteAsync(SendNextAsync, cancellationToken);
        }
    }

    // A report that could not be sent is not kept: every pass writes a newer one, at the latest after the next tick.
    private async ValueTask SendNextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await reports.WaitAsync(cancellationToken);
            if (reports.TryTake(out var next) && identity.Host is { } host && _schedule.IsDue(next))
            {
                await controlPlane.ReportAsync(host, next.Report, cancellationToken);
                _schedule.MarkSent(next.Report);
                return;
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "A report was not sent: {Reason}")]
    private partial void LogNotSent(string reason);
}
