using OvnNestApi.Agent.ControlPlane;
using OvnNestApi.Agent.Local;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent;

/// <summary>Polls the control plane for the work. While it does not answer, the last work stays in force.</summary>
internal sealed partial class WorkPoller(
    ControlPlaneClient controlPlane,
    AgentSession session,
    LocalOvs ovs,
    LatestValue<HostWork> latestWork,
    WakeSignal wake,
    Recovery recovery,
    RetrySettings retries,
    TimeProvider time,
    Random random,
    ILogger<WorkPoller> logger
) : BackgroundService
{
    private static readonly TimeSpan SystemIdPatience = TimeSpan.FromSeconds(5);

    private bool _isConnected;
    private string? _cursor;

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        var retry = Retries.UntilSuccess(retries, time, random, failure =>
        {
            _isConnected = false;
            LogFailure(failure);
        });
        try
        {
            while (true)
            {
                await retry.RepeatAsync(PollAsync, cancellationToken);
            }
        }
        catch (SupersededException e)
        {
            // The agent does not end: a service manager would start it again, and it would take the host back from the other agent.
            session.Supersede();
            LogSuperseded(e.Message);
        }
    }

    private async ValueTask PollAsync(CancellationToken cancellationToken)
    {
        var host = await controlPlane.EnrolAsync(cancellationToken);
        if (await ovs.WaitForSystemIdAsync(SystemIdPatience, cancellationToken) is not { } systemId)
        {
            throw new ControlPlaneException(
                $"The agent cannot open its session: {ovs.Fault ?? "external_ids:system-id is not set in the Open_vSwitch database"}."
            );
        }

        await controlPlane.OpenSessionAsync(host, systemId, cancellationToken);
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

    [LoggerMessage(LogLevel.Critical, "{Reason} Until it is started again, this agent changes nothing and asks for nothing.")]
    private partial void LogSuperseded(string reason);
}
