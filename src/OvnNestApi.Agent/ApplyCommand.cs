using Microsoft.Extensions.DependencyInjection;
using OvnNestApi.Agent.Local;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent;

/// <summary>The command <c>apply</c>: passes until everything is in place or gone, or the time is up.</summary>
internal static class ApplyCommand
{
    /// <exception cref="TimeoutException">The host's database could not be read in that time.</exception>
    public static async Task<HostReport> ApplyAsync(IServiceProvider services, HostWork work, TimeSpan patience, CancellationToken ct)
    {
        var (ovs, pass, wake, time) = (
            services.GetRequiredService<LocalOvs>(),
            services.GetRequiredService<HostPass>(),
            services.GetRequiredService<WakeSignal>(),
            services.GetRequiredService<TimeProvider>()
        );
        var start = time.GetTimestamp();
        ovs.Changed += wake.Now;
        ovs.Start();
        using var ticker = time.CreateTimer(_ => wake.Now(), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(250));
        while (true)
        {
            await wake.WaitAsync(ct);
            var result = await pass.RunAsync(work, ct);
            var isUp = time.GetElapsedTime(start) > patience;
            if (result is { Report: { } report } && (isUp || (result.Fault is null && IsSettled(report, work))))
            {
                return report;
            }

            if (isUp)
            {
                throw new TimeoutException(result.Fault);
            }
        }
    }

    private static bool IsSettled(HostReport report, HostWork work) =>
        report.Objects.All(item => item.Digest is not null || item.Error is not null)
        && work.Remove.All(removal => report.Removed.Contains(removal.Id));
}
