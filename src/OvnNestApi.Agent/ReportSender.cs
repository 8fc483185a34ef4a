using OvnNestApi.Agent.ControlPlane;
using OvnNestApi.Agent.State;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent;

/// <summary>A report that may be sent.</summary>
/// <param name="HasRemovals">Somebody waits for something to be gone from this host.</param>
internal sealed record PendingReport(HostReport Report, bool HasRemovals);

/// <summary>Sends what the passes found, when there is something new to tell. Beside the passes: a control plane that is slow or away holds up no repair.</summary>
internal sealed partial class ReportSender(
    ControlPlaneClient control,
    StateFolder state,
    LatestValue<PendingReport> outgoing,
    TimeProvider time,
    ILogger<ReportSender> logger
) : BackgroundService
{
    private readonly ReportSchedule _pace = new(time);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(10));
        string? trouble = null;
        while (true)
        {
            await outgoing.WaitAsync(stoppingToken);
            // The next pass brings the next one, at the latest with the next tick.
            if (!outgoing.TryTake(out var next) || next is null || state.Host is not { } host || !_pace.IsDue(next))
            {
                continue;
            }

            try
            {
                await control.ReportAsync(host, next.Report, stoppingToken);
                _pace.Sent(next.Report);
                backoff.Reset();
                trouble = null;
            }
            catch (ControlPlaneException e)
            {
                if (trouble != e.Message)
                {
                    LogNotSent(e.Message);
                }

                trouble = e.Message;
                await Task.Delay(backoff.Next(), time, stoppingToken);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "A report was not sent: {Reason}")]
    private partial void LogNotSent(string reason);
}
