using OvnNestApi.Contracts;

namespace OvnNestApi.Agent.Planning;

/// <summary>What bears our mark and is not wanted: removed if the work names its object, or if its object is wanted in another shape; kept and told otherwise.</summary>
internal static class CleanupPlan
{
    public static void Add(HostPlanBuilder plan)
    {
        foreach (var bridge in plan.Observed.Ovs.Bridges)
        {
            AddPorts(plan, bridge);
        }

        foreach (var bridge in plan.Observed.Ovs.Bridges)
        {
            AddBridge(plan, bridge);
        }

        foreach (var note in plan.Observed.NamespaceRecords)
        {
            AddNamespace(plan, note);
        }

        foreach (var client in plan.Observed.Clients)
        {
            if (plan.Ownership.IsToBeRemoved(client.Id) || (IsFree(plan, client.Id) && !plan.WantedNamespaces.ContainsValue(client.Id)))
            {
                plan.StopClients([client]);
            }
        }

        foreach (var link in plan.Observed.Network.Root.Values)
        {
            // A tap that outlived its port, while ovs-vswitchd was away.
            if (
                link.Owner is { } owner
                && owner.Installation == plan.Ownership.Installation
                && plan.Ownership.IsToBeRemoved(owner.Id)
                && !plan.Ports.ContainsKey(link.Name)
            )
            {
                plan.AddStep(new IpCommand(owner.Id, null, $"link delete dev {link.Name}"));
            }
        }
    }

    /// <summary>The ids that we have marked things with and that nobody asked for, with what there is.</summary>
    public static IReadOnlyList<UnknownObject> Unknown(HostPlanBuilder plan)
    {
        var found = plan
            .Observed.Ovs.Bridges.Select(bridge => (bridge.Mark, What: $"bridge {bridge.Name}"))
            .Concat(
                plan.Ports.Values.Where(there => there.Port.Name != there.Bridge.Name)
                    .Select(there => (there.Port.Mark, What: $"port {there.Port.Name}"))
            )
            .Concat(plan.Observed.NamespaceRecords.Select(note => (Mark: (OwnerMark?)note.Mark, What: $"namespace {note.Namespace}")));
        return
        [
            .. from thing in found
            where plan.Ownership.IsOurs(thing.Mark)
            let id = thing.Mark.GetValueOrDefault().Id
            where !plan.Ownership.IsWanted(id) && !plan.Ownership.IsToBeRemoved(id)
            group thing.What by id into things
            orderby things.Key
            select new UnknownObject(things.Key, string.Join(", ", things)),
        ];
    }

    /// <summary>The ids of the removals of which nothing is left.</summary>
    public static IReadOnlyList<Guid> Gone(HostPlanBuilder plan) =>
        plan.Observed.Ovs.HasUnappliedChange
            ? []
            :
            [
                .. plan
                    .Work.Remove.Select(removal => removal.Id)
                    .Distinct()
                    .Where(id => plan.Ownership.IsToBeRemoved(id) && !IsAnywhere(plan, id))
                    .Order(),
            ];

    private static bool IsAnywhere(HostPlanBuilder plan, Guid id) =>
        plan.Observed.Ovs.Bridges.Any(bridge => plan.Ownership.IsMarkOf(bridge.Mark, id))
        || plan.Ports.Values.Any(there =>
            plan.Ownership.IsMarkOf(there.Port.Mark, id)
            || there.Port.Interfaces.Any(part => plan.Ownership.IsMarkOf(OwnerMark.Read(part.ExternalIds), id))
        )
        || plan.Observed.NamespaceRecords.Any(note => plan.Ownership.IsMarkOf(note.Mark, id))
        || plan.Clients.Contains(id)
        || plan.Observed.Network.Root.Values.Any(link => link.Owner == (plan.Ownership.Installation, id));

    // Planned in this pass without an obstacle: what it has besides what it shall have may go.
    private static bool IsFree(HostPlanBuilder plan, Guid id) => plan.Outcomes.TryGetValue(id, out var outcome) && !outcome.IsBlocked;

    private static bool MayGo(HostPlanBuilder plan, OwnerMark? mark, Guid? wantedBy) =>
        plan.Ownership.IsOurs(mark)
        && mark is { } ours
        && (plan.Ownership.IsToBeRemoved(ours.Id) || (IsFree(plan, ours.Id) && wantedBy != ours.Id));

    private static Guid? Wanted(Dictionary<string, Guid> wanted, string name) => wanted.TryGetValue(name, out var id) ? id : null;

    private static void AddPorts(HostPlanBuilder plan, OvsBridge bridge)
    {
        foreach (
            var port in bridge.Ports.Where(port => port.Name != bridge.Name && MayGo(plan, port.Mark, Wanted(plan.WantedPorts, port.Name)))
        )
        {
            plan.Ovs.Drop(bridge, port);
            if (plan.Outcomes.TryGetValue(port.Mark.GetValueOrDefault().Id, out var outcome))
            {
                outcome.MarkPending();
            }
        }
    }

    private static void AddBridge(HostPlanBuilder plan, OvsBridge bridge)
    {
        if (!MayGo(plan, bridge.Mark, Wanted(plan.WantedBridges, bridge.Name)))
        {
            return;
        }

        var id = bridge.Mark.GetValueOrDefault().Id;
        var others = bridge
            .Ports.Where(port => port.Name != bridge.Name && !plan.Ovs.IsDropped(bridge, port))
            .Select(port => port.Name)
            .ToArray();
        if (others.Length == 0)
        {
            plan.Ovs.DropBridge(bridge);
        }
        else
        {
            plan.RemovalErrors[id] =
                $"bridge {bridge.Name} cannot be removed: on it are ports that are not to be removed ({string.Join(", ", others.Order(StringComparer.Ordinal))})";
        }

        if (plan.Outcomes.TryGetValue(id, out var outcome))
        {
            outcome.MarkPending();
        }
    }

    private static void AddNamespace(HostPlanBuilder plan, NamespaceRecord note)
    {
        if (!MayGo(plan, note.Mark, Wanted(plan.WantedNamespaces, note.Namespace)))
        {
            return;
        }

        var id = note.Mark.Id;
        var place = note.IsFromThisBoot ? plan.Observed.Network.Namespaces.GetValueOrDefault(note.Namespace) : null;
        plan.StopClients(
            plan.Clients[id]
                .Where(client => place is not null && client.NetworkNamespace == place.Identity && !plan.Ownership.IsToBeRemoved(id))
        );

        // The port goes first and takes its device along, once ovs-vswitchd has seen it. What is then left is a tap without a port,
        // which would outlive the name of its namespace as long as some process is in it.
        if (
            plan.Ownership.IsToBeRemoved(id)
            && (plan.Observed.Ovs.HasUnappliedChange || plan.Ports.Values.Any(there => plan.Ownership.IsMarkOf(there.Port.Mark, id)))
        )
        {
            return;
        }

        foreach (var link in place?.Links.Values.Where(link => link.Owner == (note.Mark.Installation, id)) ?? [])
        {
            plan.AddStep(new IpCommand(id, note.Namespace, $"link delete dev {link.Name}"));
        }

        plan.AddStep(new RemoveNamespace(id, note.Namespace, place is not null));
    }
}
