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
internal sealed record HostPlan(IReadOnlyList<OvsGroup> Ovs, IReadOnlyList<Step> Steps, HostReport Report)
{
    public bool IsEmpty => Ovs.Count == 0 && Steps.Count == 0;

    public static HostPlan For(HostWork work, Observed seen)
    {
        var draft = new Draft(work, seen);
        foreach (var vm in work.Vms)
        {
            VmPlan.Add(draft, vm);
        }

        Leftovers.Add(draft);
        return new HostPlan(draft.Ovs.Build(), [.. draft.Steps.Distinct()], Describe(draft));
    }

    private static HostReport Describe(Draft draft)
    {
        var ovs = draft.Seen.Ovs;
        var integration = ovs.FindBridge(draft.Work.IntegrationBridge);
        var links = (integration?.Ports ?? [])
            .SelectMany(port => port.Interfaces, (port, part) => (port.Mark, part.ExternalIds))
            .Where(link => link.ExternalIds.ContainsKey(OvsDraft.IfaceIdKey))
            .ToArray();

        foreach (var vm in draft.Work.Vms)
        {
            draft.Verdicts[vm.Id].OvnInstalled = links.Any(link =>
                draft.Owners.Is(link.Mark, vm.Id) && link.ExternalIds.GetValueOrDefault("ovn-installed") == "true"
            );
        }

        return new HostReport(
            draft.Work.Cursor,
            ovs.SystemId,
            long.TryParse(integration?.ExternalIds.GetValueOrDefault("ovn-nb-cfg"), out var number) ? number : null,
            [
                .. draft.Verdicts.Values.Select(verdict => verdict.Report()),
                .. draft
                    .Obstructed.Where(entry => !draft.Verdicts.ContainsKey(entry.Key))
                    .Select(entry => new ObjectReport(entry.Key, null, entry.Value, null, false)),
            ],
            [
                .. from bridge in ovs.Bridges
                let owner = Owner(draft, bridge)
                where owner is not null
                let id = owner.Value
                let portName = draft.Work.Vms.FirstOrDefault(vm => vm.Id == id)?.PortName
                orderby bridge.Name
                select new BridgeReport(
                    id,
                    bridge.Name,
                    [.. bridge.Ports.Select(port => port.Tag ?? 0).Where(tag => tag > 0).Distinct().Order()],
                    links.Any(link => draft.Owners.Is(link.Mark, id) || link.ExternalIds[OvsDraft.IfaceIdKey] == portName)
                ),
            ],
            Leftovers.Gone(draft),
            Leftovers.Unknown(draft)
        );
    }

    // A bridge whose mark somebody has taken away still bears the tags that a release waits for.
    private static Guid? Owner(Draft draft, OvsBridge bridge) =>
        draft.Owners.IsOurs(bridge.Mark)
            ? bridge.Mark?.Id
            : draft.Work.Vms.FirstOrDefault(vm => vm.Bridge == bridge.Name)?.Id
                ?? draft.Work.Remove.FirstOrDefault(removal => removal.Kind == RemovalKind.Vm && removal.Bridge == bridge.Name)?.Id;
}
