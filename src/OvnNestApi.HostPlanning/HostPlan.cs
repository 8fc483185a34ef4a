using OvnNestApi.Contracts;

namespace OvnNestApi.HostPlanning;

/// <summary>
/// Next changes that bring the host closer to the work, and a report of its observed state. Pure: no clock, no I/O, no memory.
/// </summary>
/// <remarks>
/// The caller applies a plan, observes the host again and computes the next plan, until a plan is empty. A step that depends on the result
/// of another one appears in a later plan. No plan assumes that an earlier one succeeded.
/// </remarks>
/// <param name="Ovs">Changes of the Open_vSwitch database, applied in one transaction before the steps.</param>
/// <param name="Changes">The same changes in terms of bridges and ports.</param>
/// <param name="Steps">Steps outside the Open_vSwitch database.</param>
/// <param name="Report">Observed state before the plan is applied.</param>
internal sealed record HostPlan(
    IReadOnlyList<OvsChangeGroup> Ovs,
    IReadOnlyList<OvsChange> Changes,
    IReadOnlyList<Step> Steps,
    HostReport Report
)
{
    public bool IsEmpty => Ovs.Count == 0 && Steps.Count == 0;

    public static HostPlan For(HostWork work, ObservedState observed)
    {
        var plan = new HostPlanBuilder(work, observed);
        foreach (var vm in work.Vms)
        {
            VmPlan.Add(plan, vm);
        }

        CleanupPlan.Add(plan);
        return new HostPlan(plan.Ovs.Build(), plan.Ovs.All, [.. plan.Steps.Distinct()], BuildReport(plan));
    }

    private static HostReport BuildReport(HostPlanBuilder plan)
    {
        var ovs = plan.Observed.Ovs;
        var integration = ovs.FindBridge(plan.Work.IntegrationBridge);
        var bindings = (integration?.Ports ?? [])
            .SelectMany(port => port.Interfaces, (port, part) => new Binding(port.Mark, part.ExternalIds))
            .Where(binding => binding.ExternalIds.ContainsKey(OvsChanges.IfaceIdKey))
            .ToArray();

        foreach (var vm in plan.Work.Vms)
        {
            plan.Outcomes[vm.Id].OvnInstalled = bindings.Any(binding =>
                plan.Ownership.IsMarkOf(binding.Mark, vm.Id) && binding.ExternalIds.GetValueOrDefault("ovn-installed") == "true"
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
            BuildBridgeReports(plan, bindings),
            CleanupPlan.FindRemoved(plan),
            CleanupPlan.FindUnknown(plan),
            ovs.Encapsulation.FindMtu(plan.Observed.Network.Root.Values)
        );
    }

    private static IReadOnlyList<BridgeReport> BuildBridgeReports(HostPlanBuilder plan, Binding[] bindings) =>
        [
            .. from bridge in plan.Observed.Ovs.Bridges
            let owner = FindVm(plan, bridge)
            where owner is not null
            let id = owner.Value
            let portName = plan.Work.Vms.FirstOrDefault(vm => vm.Id == id)?.PortName
            orderby bridge.Name
            select new BridgeReport(
                id,
                bridge.Name,
                [.. bridge.Ports.Select(port => port.Tag ?? 0).Where(tag => tag > 0).Distinct().Order()],
                bindings.Any(binding => plan.Ownership.IsMarkOf(binding.Mark, id) || binding.ExternalIds[OvsChanges.IfaceIdKey] == portName)
            ),
        ];

    // Falls back to the bridge's name if its mark is missing: its ports may still use tags that the API waits to release.
    private static Guid? FindVm(HostPlanBuilder plan, OvsBridge bridge) =>
        plan.Ownership.IsOurs(bridge.Mark)
            ? bridge.Mark?.Id
            : plan.Work.Vms.FirstOrDefault(vm => vm.Bridge == bridge.Name)?.Id
                ?? plan.Work.Remove.FirstOrDefault(removal => removal.Kind == RemovalKind.Vm && removal.Bridge == bridge.Name)?.Id;

    /// <summary>Interface of the integration bridge that is bound to a logical port by its <c>iface-id</c>.</summary>
    private sealed record Binding(OwnerMark? Mark, IReadOnlyDictionary<string, string> ExternalIds);
}
