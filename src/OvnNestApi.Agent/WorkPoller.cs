using OvnNestApi.Agent.ControlPlane;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent;

/// <summary>Polls the control plane for the work. While it does not answer, the last work stays in force.</summary>
internal sealed partial class WorkPoller(
    ControlPlaneClient controlPlane,
    LatestValue<HostWork> latestWork,
    WakeSignal wake,
    Recovery recovery,
    RetrySettings retries,
    TimeProvider time,
    Random random,
    ILogger<WorkPoller> logger
) : BackgroundService
{
    private bool _isConnected;
    private string? _cursor;

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        var retry = Retries.UntilSuccess(retries, time, random, failure =>
        {
            _isConnected = false;
            LogFailure(failure);
        });
        while (true)
        {
            await retry.ExecuteAsync(PollAsync, cancellationToken);
        }
    }

    private async ValueTask PollAsync(CancellationToken cancellationToken)
    {
        var host = await controlPlane.EnrolAsync(cancellationToken);
        var work = await controlPlane.PollAsync(host, _cursor, cancellationToken);
        if (!_isConnected)
        {
            _isConnected = true;
            LogConnected(host);
            recovery.Signal();
        }

        if (work is not null)
        {
            _cursor = work.Cursor;
            latestWork.Put(work);
            wake.Set();
        }
    }

    [LoggerMessage(LogLevel.Information, "Connected to the control plane as host {Host}")]
    private partial void LogConnected(string host);

    [LoggerMessage(LogLevel.Error, "{Failure} The host keeps its present state; the agent tries again.")]
    private partial void LogFailure(string failure);
}
