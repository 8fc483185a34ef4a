using OvnNestApi.Contracts;

namespace OvnNestApi.Agent.Planning;

/// <summary>What to do next so that the host becomes what the work says, and what the host is now. Pure: no clock, no I/O, no memory.</summary>
/// <remarks>
/// A plan is made, carried out, and made again from a new look, until it is empty: steps that need the outcome of others come in a
/// later one. Nothing is ever assumed to have worked.
/// </remarks>
/// <param name="Ovs">What to change in the Open_vSwitch database, all in one transaction; before the steps.</param>
/// <param name="Steps">What to do besides.</param>
/// <param name="Report">The host as it was seen, before any of that.</param>
internal sealed record HostPlan(IReadOnlyList<OvsChangeGroup> Ovs, IReadOnlyList<Step> Steps, HostReport Report)
{
    public bool IsEmpty => Ovs.Count == 0 && Steps.Count == 0;

    public static HostPlan For(HostWork work, ObservedState seen)
    {
        var plan = new HostPlanBuilder(work, seen);
        foreach (var vm in work.Vms)
        {
            VmPlan.Add(plan, vm);
        }

        CleanupPlan.Add(plan);
        return new HostPlan(plan.Ovs.Build(), [.. plan.Steps.Distinct()], Describe(plan));
    }

    private static HostReport Describe(HostPlanBuilder plan)
    {
        var ovs = plan.Observed.Ovs;
        var integration = ovs.FindBridge(plan.Work.IntegrationBridge);
        var links = (integration?.Ports ?? [])
            .SelectMany(port => port.Interfaces, (port, part) => (port.Mark, part.ExternalIds))
            .Where(link => link.ExternalIds.ContainsKey(OvsChanges.IfaceIdKey))
            .ToArray();

        foreach (var vm in plan.Work.Vms)
        {
            plan.Outcomes[vm.Id].OvnInstalled = links.Any(link =>
                plan.Ownership.IsMarkOf(link.Mark, vm.Id) && link.ExternalIds.GetValueOrDefault("ovn-installed") == "true"
            );
        }

        return new HostReport(
            plan.Work.Cursor,
            ovs.SystemId,
            long.TryParse(integration?.ExternalIds.GetValueOrDefault("ovn-nb-cfg"), out var number) ? number : null,
            [
                .. plan.Outcomes.Values.Select(outcome => outcome.Report()),
                .. plan
                    .RemovalErrors.Where(entry => !plan.Outcomes.ContainsKey(entry.Key))
                    .Select(entry => new ObjectReport(entry.Key, null, entry.Value, null, false)),
            ],
            [
                .. from bridge in ovs.Bridges
                let owner = Owner(plan, bridge)
                where owner is not null
                let id = owner.Value
                let portName = plan.Work.Vms.FirstOrDefault(vm => vm.Id == id)?.PortName
                orderby bridge.Name
                select new BridgeReport(
                    id,
                    bridge.Name,
                    [.. bridge.Ports.Select(port => port.Tag ?? 0).Where(tag => tag > 0).Distinct().Order()],
                    links.Any(link => plan.Ownership.IsMarkOf(link.Mark, id) || link.ExternalIds[OvsChanges.IfaceIdKey] == portName)
                ),
            ],
            CleanupPlan.Gone(plan),
            CleanupPlan.Unknown(plan)
        );
    }

    // A bridge whose mark somebody has taken away still bears the tags that a release waits for.
    private static Guid? Owner(HostPlanBuilder plan, OvsBridge bridge) =>
        plan.Ownership.IsOurs(bridge.Mark)
            ? bridge.Mark?.Id
            : plan.Work.Vms.FirstOrDefault(vm => vm.Bridge == bridge.Name)?.Id
                ?? plan.Work.Remove.FirstOrDefault(removal => removal.Kind == RemovalKind.Vm && removal.Bridge == bridge.Name)?.Id;
}
