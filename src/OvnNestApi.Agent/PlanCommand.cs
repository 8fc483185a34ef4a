using OvnNestApi.Agent.Local;
using OvnNestApi.Contracts;
using OvnNestApi.HostPlanning;

namespace OvnNestApi.Agent;

/// <summary>
/// Command <c>plan</c>: returns what the agent would do now, as lines that a person would type, and does nothing. It can run beside the
/// agent.
/// </summary>
internal sealed class PlanCommand(LocalOvs ovs, HostObserver observer, WakeSignal wake, TimeProvider time)
{
    /// <summary>Returns the lines; empty if the host matches the work.</summary>
    /// <exception cref="TimeoutException">The local Open_vSwitch database could not be read before the timeout.</exception>
    public async Task<IReadOnlyList<string>> RunAsync(HostWork work, TimeSpan timeout)
    {
        using var end = new CancellationTokenSource(timeout, time);
        ovs.Changed += wake.Set;
        ovs.Start();
        while (true)
        {
            if (await observer.ReadAsync(work) is { } observed)
            {
                return HostScript.Of(work, observed);
            }

            try
            {
                await wake.WaitAsync(end.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException(ovs.Fault ?? "the local Open_vSwitch database is empty");
            }
        }
    }
}
