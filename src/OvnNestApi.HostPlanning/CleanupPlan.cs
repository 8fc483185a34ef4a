using OvnNestApi.Contracts;

namespace OvnNestApi.HostPlanning;

/// <summary>
/// Plans the removal of items that carry our owner mark and are not wanted. An item is removed if the work lists its resource for removal,
/// or if its resource is wanted in another form. Every other item is kept and reported as unknown.
/// </summary>
internal static class CleanupPlan
{
    public static void Add(HostPlanBuilder plan)
    {
        foreach (var bridge in plan.Observed.Ovs.Bridges)
        {
            RemovePorts(plan, bridge);
        }

        // A bridge goes last, so that a host without the bridge has nothing left of the VM.
        var isLast = !plan.OwnedNamespaces.Values.Any(owned => MayRemove(plan, owned));
        foreach (var bridge in plan.Observed.Ovs.Bridges)
        {
            RemoveBridge(plan, bridge, isLast);
        }

        foreach (var owned in plan.OwnedNamespaces.Values)
        {
            RemoveNamespace(plan, owned);
        }

        foreach (var client in plan.Observed.Clients)
        {
            if (plan.Ownership.IsToBeRemoved(client.Id) || (IsPlanned(plan, client.Id) && !plan.WantedNamespaces.ContainsValue(client.Id)))
            {
                plan.StopClients([client]);
            }
        }

        // A tap keeps existing if its port was deleted while ovs-vswitchd did not run.
        foreach (
            var link in plan.Observed.Network.Root.Values.Where(link => IsToBeRemoved(plan, link) && !plan.Ports.ContainsKey(link.Name))
        )
        {
            plan.AddStep(new IpCommand(link.Owner.GetValueOrDefault().Id, null, $"link delete dev {link.Name}"));
        }
    }

    /// <summary>
    /// Returns the resources that have marked items here but are neither wanted nor listed for removal, with these items.
    /// </summary>
    public static IReadOnlyList<UnknownObject> FindUnknown(HostPlanBuilder plan)
    {
        var items = plan
            .Observed.Ovs.Bridges.Select(bridge => (bridge.Mark, Text: $"bridge {bridge.Name}"))
            .Concat(
                plan.Ports.Values.Where(found => found.Port.Name != found.Bridge.Name)
                    .Select(found => (found.Port.Mark, Text: $"port {found.Port.Name}"))
            )
            .Concat(plan.OwnedNamespaces.Values.Select(owned => (Mark: (OwnerMark?)owned.Mark, Text: $"namespace {owned.Name}")));
        return
        [
            .. from item in items
            where plan.Ownership.IsOurs(item.Mark)
            let id = item.Mark.GetValueOrDefault().Id
            where !plan.Ownership.IsWanted(id) && !plan.Ownership.IsToBeRemoved(id)
            group item.Text by id into texts
            orderby texts.Key
            select new UnknownObject(texts.Key, string.Join(", ", texts)),
        ];
    }

    /// <summary>Returns the ids of the removals of which nothing is left on the host.</summary>
    public static IReadOnlyList<Guid> FindRemoved(HostPlanBuilder plan) =>
        plan.Observed.Ovs.HasUnappliedChange
            ? []
            :
            [
                .. plan
                    .Work.Remove.Select(removal => removal.Id)
                    .Distinct()
                    .Where(id => plan.Ownership.IsToBeRemoved(id) && !HasAnyItem(plan, id))
                    .Order(),
            ];

    private static bool HasAnyItem(HostPlanBuilder plan, Guid id) =>
        plan.Observed.Ovs.Bridges.Any(bridge => plan.Ownership.IsMarkOf(bridge.Mark, id))
        || plan.Ports.Values.Any(found =>
            plan.Ownership.IsMarkOf(found.Port.Mark, id)
            || found.Port.Interfaces.Any(part => plan.Ownership.IsMarkOf(OwnerMark.Read(part.ExternalIds), id))
        )
        || plan.OwnedNamespaces.Values.Any(owned => plan.Ownership.IsMarkOf(owned.Mark, id))
        || plan.Clients.Contains(id)
        || plan.Observed.Network.Root.Values.Any(link => link.Owner == (plan.Ownership.Installation, id));

    private static bool IsToBeRemoved(HostPlanBuilder plan, Link link) =>
        link.Owner is { } owner && owner.Installation == plan.Ownership.Installation && plan.Ownership.IsToBeRemoved(owner.Id);

    // True if the wanted state of the resource was planned. Its other items are then no longer needed.
    private static bool IsPlanned(HostPlanBuilder plan, Guid id) => plan.Outcomes.TryGetValue(id, out var outcome) && !outcome.IsBlocked;

    private static bool MayRemove(HostPlanBuilder plan, OwnerMark? mark, Guid? wantedBy) =>
        plan.Ownership.IsOurs(mark)
        && mark is { } ours
        && (plan.Ownership.IsToBeRemoved(ours.Id) || (IsPlanned(plan, ours.Id) && wantedBy != ours.Id));

    // The port of a bridge itself goes with the bridge.
    private static bool HasPorts(HostPlanBuilder plan, Guid id) =>
        plan.Ports.Values.Any(found => found.Port.Name != found.Bridge.Name && plan.Ownership.IsMarkOf(found.Port.Mark, id));

    private static bool MayRemove(HostPlanBuilder plan, OwnedNamespace owned) =>
        MayRemove(plan, owned.Mark, WantedBy(plan.WantedNamespaces, owned.Name));

    private static Guid? WantedBy(Dictionary<string, Guid> wanted, string name) => wanted.TryGetValue(name, out var id) ? id : null;

    private static void RemovePorts(HostPlanBuilder plan, OvsBridge bridge)
    {
        var ports = bridge.Ports.Where(port =>
            port.Name != bridge.Name && MayRemove(plan, port.Mark, WantedBy(plan.WantedPorts, port.Name))
        );
        foreach (var port in ports)
        {
            plan.Ovs.RemovePort(bridge, port);
            MarkPending(plan, port.Mark.GetValueOrDefault().Id);
        }
    }

    private static void RemoveBridge(HostPlanBuilder plan, OvsBridge bridge, bool isLast)
    {
        if (!MayRemove(plan, bridge.Mark, WantedBy(plan.WantedBridges, bridge.Name)))
        {
            return;
        }

        var id = bridge.Mark.GetValueOrDefault().Id;
        var others = bridge
            .Ports.Where(port => port.Name != bridge.Name && !plan.Ovs.IsRemoved(bridge, port))
            .Select(port => port.Name)
            .ToArray();
        if (others.Length == 0 && isLast)
        {
            plan.Ovs.RemoveBridge(bridge);
        }
        else if (others.Length > 0)
        {
            var names = string.Join(", ", others.Order(StringComparer.Ordinal));
            plan.RemovalErrors[id] = $"bridge {bridge.Name} cannot be removed: it has ports that must not be removed ({names})";
        }

        MarkPending(plan, id);
    }

    private static void RemoveNamespace(HostPlanBuilder plan, OwnedNamespace owned)
    {
        if (!MayRemove(plan, owned))
        {
            return;
        }

        var (id, state) = (owned.Mark.Id, owned.State);
        var isToBeRemoved = plan.Ownership.IsToBeRemoved(id);
        if (!isToBeRemoved)
        {
            plan.StopClients(plan.Clients[id].Where(client => state is not null && client.NetworkNamespace == state.Identity));
        }

        // The port must go first: ovs-vswitchd then deletes the port's device. A device that is left after that is a tap without a port.
        // It is deleted before the namespace, because a process in the namespace would keep both alive without a name.
        if (isToBeRemoved && (plan.Observed.Ovs.HasUnappliedChange || HasPorts(plan, id)))
        {
            return;
        }

        foreach (var link in state?.Links.Values.Where(link => link.Owner == (owned.Mark.Installation, id) && link.IsOvsDevice) ?? [])
        {
            plan.AddStep(new IpCommand(id, owned.Name, $"link delete dev {link.Name}"));
        }

        plan.AddStep(new RemoveNamespace(id, owned.Name, state is not null));
    }

    private static void MarkPending(HostPlanBuilder plan, Guid id)
    {
        if (plan.Outcomes.TryGetValue(id, out var outcome))
        {
            outcome.MarkPending();
        }
    }
}
