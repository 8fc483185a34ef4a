using OvnNestApi.Agent.Local;
using OvnNestApi.Contracts;
using OvnNestApi.HostPlanning;

namespace OvnNestApi.Agent;

/// <summary>Result of a pass.</summary>
/// <param name="Report">Observed state; null if the local Open_vSwitch database cannot be read, because then nothing is known.</param>
/// <param name="Fault">Reason why the report is missing or not reliable yet; null if it is reliable.</param>
/// <param name="IsDone">True if there was nothing left to change. The agent may still wait for other programs.</param>
internal sealed record PassResult(HostReport? Report, string? Fault, bool IsDone)
{
    /// <summary>True if everything is in place and all removals are confirmed: only a change needs another pass.</summary>
    public bool IsSettled(HostWork work) =>
        IsDone
        && Fault is null
        && Report is { } report
        && report.Objects.All(item => item.Digest is not null)
        && work.Remove.All(removal => report.Removed.Contains(removal.Id));
}

/// <summary>Observes, plans and applies in rounds, until the host matches the work or nothing more can be done now.</summary>
internal sealed partial class HostPass(
    LocalOvs ovs,
    HostObserver observer,
    StepRunner stepRunner,
    DhcpClients clients,
    ILogger<HostPass> logger
)
{
    // A device takes five rounds: row and namespace, move, settings, DHCP client, nothing left. A removal before it takes three more.
    private const int MaxRounds = 10;

    public async Task<PassResult> RunAsync(HostWork work, CancellationToken cancellationToken)
    {
        var failures = new Dictionary<Guid, string>();
        var done = new HashSet<Step>();
        for (var round = 1; ; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            clients.RestoreFiles();
            if (await observer.ReadAsync(work) is not { } observed)
            {
                return new PassResult(null, ovs.Fault ?? "the local Open_vSwitch database is empty", false);
            }

            var plan = HostPlan.For(work, observed);
            // A change that has failed in this pass, or had no effect, is tried again in the next pass only.
            var groups = plan.Ovs.Where(group => !group.Resources.Any(failures.ContainsKey)).ToArray();
            var steps = plan.Steps.Where(step => !failures.ContainsKey(step.ResourceId) && done.Add(step)).ToArray();
            if ((groups.Length == 0 && steps.Length == 0) || round > MaxRounds)
            {
                var fault = observed.Ovs.HasUnappliedChange
                    ? "ovs-vswitchd has not applied the last change of its database; check that ovs-vswitchd runs"
                    : null;
                return new PassResult(WithFailures(plan.Report, failures), fault, plan.IsEmpty);
            }

            LogPlan(work.Cursor, groups, steps);
            Add(failures, await ovs.ApplyAsync(groups, cancellationToken));
            Add(failures, await stepRunner.RunAsync(steps, cancellationToken));
        }
    }

    private static void Add(Dictionary<Guid, string> failures, IReadOnlyDictionary<Guid, string> newFailures)
    {
        foreach (var (id, failure) in newFailures)
        {
            failures[id] = failure;
        }
    }

    private static HostReport WithFailures(HostReport report, Dictionary<Guid, string> failures) =>
        failures.Count == 0
            ? report
            : report with
            {
                Objects =
                [
                    .. report.Objects.Select(item => WithFailure(item, failures.GetValueOrDefault(item.Id))),
                    .. failures
                        .Where(failure => report.Objects.All(item => item.Id != failure.Key))
                        .Select(failure => new ObjectReport(failure.Key, null, failure.Value, null, false)),
                ],
            };

    private static ObjectReport WithFailure(ObjectReport item, string? failure) =>
        failure is null ? item : item with { Digest = null, Error = item.Error ?? failure };

    private void LogPlan(string cursor, OvsChangeGroup[] groups, Step[] steps)
    {
        LogChanges(cursor, groups.Sum(group => group.Ops.Count), steps.Length);
        if (!logger.IsEnabled(LogLevel.Debug))
        {
            return;
        }

        foreach (var op in groups.SelectMany(group => group.Ops))
        {
            LogOperation(op.ToString());
        }

        foreach (var step in steps)
        {
            LogStep(step);
        }
    }

    [LoggerMessage(LogLevel.Information, "Work {Cursor}: {Operations} operations on the Open_vSwitch database, {Steps} other steps")]
    private partial void LogChanges(string cursor, int operations, int steps);

    [LoggerMessage(LogLevel.Debug, "{Operation}")]
    private partial void LogOperation(string operation);

    [LoggerMessage(LogLevel.Debug, "{Step}")]
    private partial void LogStep(Step step);
}
