using OvnNestApi.Agent.ControlPlane;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent;

/// <summary>Asks the control plane for the host's work, for ever. When it cannot be asked, the last work stands.</summary>
internal sealed partial class WorkPoller(
    ControlPlaneClient control,
    LatestValue<HostWork> latest,
    WakeSignal wake,
    TimeProvider time,
    ILogger<WorkPoller> logger
) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // At most 10 s: half a minute without a poll, and the control plane calls the host silent.
        var backoff = new Backoff(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(10));
        string? cursor = null;
        string? trouble = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var host = await control.EnrolAsync(stoppingToken);
                var work = await control.PollAsync(host, cursor, stoppingToken);
                if (trouble is not null || cursor is null)
                {
                    LogConnected(host);
                }

                trouble = null;
                backoff.Reset();
                if (work is null)
                {
                    continue;
                }

                cursor = work.Cursor;
                latest.Put(work);
                wake.Now();
            }
            catch (ControlPlaneException e)
            {
                if (trouble != e.Message)
                {
                    LogTrouble(e.Message);
                }

                trouble = e.Message;
                await Task.Delay(backoff.Next(), time, stoppingToken);
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "The control plane answers; this is host {Host}")]
    private partial void LogConnected(string host);

    [LoggerMessage(LogLevel.Error, "{Trouble} (What is on the host stays; trying on.)")]
    private partial void LogTrouble(string trouble);
}
