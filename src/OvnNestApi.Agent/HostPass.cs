using OvnNestApi.Agent.Local;
using OvnNestApi.Agent.Planning;
using OvnNestApi.Agent.State;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent;

/// <summary>What a pass came to.</summary>
/// <param name="Report">The host as it is; null when its database cannot be read, so that nothing may be said about it.</param>
/// <param name="Fault">Why there is no report, or why it may not be believed yet.</param>
/// <param name="IsDone">Nothing is left to do but to wait for others.</param>
internal sealed record PassResult(HostReport? Report, string? Fault, bool IsDone);

/// <summary>Looks, plans, acts, and looks again, until the host is as the work says or cannot be made so for now.</summary>
internal sealed partial class HostPass(
    LocalOvs ovs,
    StepRunner stepRunner,
    DhcpClients clients,
    StateFolder state,
    ILogger<HostPass> logger
)
{
    // A device takes five looks: row, namespace; move; configure; client; nothing left. Removal before creation: three more.
    private const int Rounds = 10;

    public async Task<PassResult> RunAsync(HostWork work, CancellationToken ct)
    {
        var failures = new Dictionary<Guid, string>();
        var done = new HashSet<Step>();
        for (var round = 1; ; round++)
        {
            if (await LookAsync(work, ct) is not { } seen)
            {
                return new PassResult(null, ovs.Fault ?? "the host's Open_vSwitch database is empty", false);
            }

            var plan = HostPlan.For(work, seen);
            // What has failed in this pass, or did not help, is tried again in the next.
            var groups = plan.Ovs.Where(group => !group.Resources.Any(failures.ContainsKey)).ToArray();
            var steps = plan.Steps.Where(step => !failures.ContainsKey(step.ResourceId) && done.Add(step)).ToArray();
            if ((groups.Length == 0 && steps.Length == 0) || round > Rounds)
            {
                return new PassResult(
                    Tell(plan.Report, failures),
                    seen.Ovs.HasUnappliedChange ? "ovs-vswitchd has not done the last change of its database; does it run?" : null,
                    plan.IsEmpty
                );
            }

            LogActing(work.Cursor, groups.Sum(group => group.Ops.Count), steps.Length);
            foreach (var op in logger.IsEnabled(LogLevel.Debug) ? groups.SelectMany(group => group.Ops) : [])
            {
                LogOperation(op.ToString());
            }

            foreach (var step in steps)
            {
                LogStep(step);
            }

            foreach (var (id, failure) in await ovs.ApplyAsync(groups, ct))
            {
                failures[id] = failure;
            }

            foreach (var (id, failure) in await stepRunner.ApplyAsync(steps, ct))
            {
                failures[id] = failure;
            }
        }
    }

    // In this order: a device that its row promises, and an address that a lease promises, are then there or have gone.
    private async Task<ObservedState?> LookAsync(HostWork work, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (ovs.Read() is not { } database)
        {
            return null;
        }

        var running = clients.Find();
        var notes = state.ReadNotes();
        var names = work
            .Vms.SelectMany(vm => vm.Containers.Select(container => container.Device).Prepend(vm.Device))
            .Where(WorkValidation.HasNamespace)
            .Select(device => device.Namespace)
            .Concat(notes.Select(note => note.Namespace))
            .ToHashSet();
        return new ObservedState(database, await NetworkReader.TakeAsync(names), notes, running);
    }

    private static HostReport Tell(HostReport report, Dictionary<Guid, string> failures) =>
        failures.Count == 0
            ? report
            : report with
            {
                Objects =
                [
                    .. report.Objects.Select(item =>
                        failures.TryGetValue(item.Id, out var failure) ? item with { Digest = null, Error = item.Error ?? failure } : item
                    ),
                    .. failures
                        .Where(failure => report.Objects.All(item => item.Id != failure.Key))
                        .Select(failure => new ObjectReport(failure.Key, null, failure.Value, null, false)),
                ],
            };

    [LoggerMessage(LogLevel.Information, "Work {Cursor}: {Operations} operations on the Open_vSwitch database, {Steps} other steps")]
    private partial void LogActing(string cursor, int operations, int steps);

    [LoggerMessage(LogLevel.Debug, "{Operation}")]
    private partial void LogOperation(string operation);

    [LoggerMessage(LogLevel.Debug, "{Step}")]
    private partial void LogStep(Step step);
}
