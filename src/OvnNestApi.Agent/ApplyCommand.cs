using OvnNestApi.Agent.Local;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent;

/// <summary>Command <c>apply</c>: runs passes until everything is in place or removed, or until a timeout.</summary>
internal sealed class ApplyCommand(LocalOvs ovs, HostPass pass, WakeSignal wake, TimeProvider time)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    /// <summary>Returns the last report. Check with <see cref="IsComplete"/> whether it shows success.</summary>
    /// <exception cref="TimeoutException">The local Open_vSwitch database could not be read before the timeout.</exception>
    public async Task<HostReport> RunAsync(HostWork work, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        ovs.Changed += wake.Set;
        ovs.Start();
        using var ticker = time.CreateTimer(_ => wake.Set(), null, TimeSpan.Zero, Tick);
        while (true)
        {
            await wake.WaitAsync(cancellationToken);
            var result = await pass.RunAsync(work, cancellationToken);
            var isTimedOut = time.GetElapsedTime(start) > timeout;
            if (result is { Report: { } report } && (isTimedOut || (result.Fault is null && IsSettled(report, work))))
            {
                return report;
            }

            if (isTimedOut)
            {
                throw new TimeoutException(result.Fault);
            }
        }
    }

    /// <summary>Returns whether all wanted resources are in place and all removals are confirmed.</summary>
    public static bool IsComplete(HostReport report, HostWork work) =>
        report.Objects.All(item => item.Digest is not null) && IsRemoved(report, work);

    private static bool IsSettled(HostReport report, HostWork work) =>
        report.Objects.All(item => item.Digest is not null || item.Error is not null) && IsRemoved(report, work);

    private static bool IsRemoved(HostReport report, HostWork work) => work.Remove.All(removal => report.Removed.Contains(removal.Id));
}
