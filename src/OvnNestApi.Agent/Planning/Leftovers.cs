using OvnNestApi.Contracts;

namespace OvnNestApi.Agent.Planning;

/// <summary>What bears our mark and is not wanted: removed if the work names its object, or if its object is wanted in another shape; kept and told otherwise.</summary>
internal static class Leftovers
{
    public static void Add(Draft draft)
    {
        foreach (var bridge in draft.Seen.Ovs.Bridges)
        {
            AddPorts(draft, bridge);
        }

        foreach (var bridge in draft.Seen.Ovs.Bridges)
        {
            AddBridge(draft, bridge);
        }

        foreach (var note in draft.Seen.Marks)
        {
            AddNamespace(draft, note);
        }

        foreach (var client in draft.Seen.Clients)
        {
            if (draft.Owners.IsRemoving(client.Id) || (IsFree(draft, client.Id) && !draft.WantedNamespaces.ContainsValue(client.Id)))
            {
                draft.Stop([client]);
            }
        }

        foreach (var link in draft.Seen.Network.Root.Values)
        {
            // A tap that outlived its port, while ovs-vswitchd was away.
            if (
                link.Owner is { } owner
                && owner.Installation == draft.Owners.Installation
                && draft.Owners.IsRemoving(owner.Id)
                && !draft.Ports.ContainsKey(link.Name)
            )
            {
                draft.Do(new IpCommand(owner.Id, null, $"link delete dev {link.Name}"));
            }
        }
    }

    /// <summary>The ids that we have marked things with and that nobody asked for, with what there is.</summary>
    public static IReadOnlyList<UnknownObject> Unknown(Draft draft)
    {
        var found = draft
            .Seen.Ovs.Bridges.Select(bridge => (bridge.Mark, What: $"bridge {bridge.Name}"))
            .Concat(
                draft
                    .Ports.Values.Where(there => there.Port.Name != there.Bridge.Name)
                    .Select(there => (there.Port.Mark, What: $"port {there.Port.Name}"))
            )
            .Concat(draft.Seen.Marks.Select(note => (Mark: (Mark?)note.Mark, What: $"namespace {note.Namespace}")));
        return
        [
            .. from thing in found
            where draft.Owners.IsOurs(thing.Mark)
            let id = thing.Mark.GetValueOrDefault().Id
            where !draft.Owners.IsWanted(id) && !draft.Owners.IsRemoving(id)
            group thing.What by id into things
            orderby things.Key
            select new UnknownObject(things.Key, string.Join(", ", things)),
        ];
    }

    /// <summary>The ids of the removals of which nothing is left.</summary>
    public static IReadOnlyList<Guid> Gone(Draft draft) =>
        draft.Seen.Ovs.Behind
            ? []
            :
            [
                .. draft
                    .Work.Remove.Select(removal => removal.Id)
                    .Distinct()
                    .Where(id => draft.Owners.IsRemoving(id) && !IsAnywhere(draft, id))
                    .Order(),
            ];

    private static bool IsAnywhere(Draft draft, Guid id) =>
        draft.Seen.Ovs.Bridges.Any(bridge => draft.Owners.Is(bridge.Mark, id))
        || draft.Ports.Values.Any(there =>
            draft.Owners.Is(there.Port.Mark, id) || there.Port.Interfaces.Any(part => draft.Owners.Is(Mark.Read(part.ExternalIds), id))
        )
        || draft.Seen.Marks.Any(note => draft.Owners.Is(note.Mark, id))
        || draft.Clients.Contains(id)
        || draft.Seen.Network.Root.Values.Any(link => link.Owner == (draft.Owners.Installation, id));

    // Planned in this pass without an obstacle: what it has besides what it shall have may go.
    private static bool IsFree(Draft draft, Guid id) => draft.Verdicts.TryGetValue(id, out var verdict) && !verdict.IsHeld;

    private static bool MayGo(Draft draft, Mark? mark, Guid? wantedBy) =>
        draft.Owners.IsOurs(mark)
        && mark is { } ours
        && (draft.Owners.IsRemoving(ours.Id) || (IsFree(draft, ours.Id) && wantedBy != ours.Id));

    private static Guid? Wanted(Dictionary<string, Guid> wanted, string name) => wanted.TryGetValue(name, out var id) ? id : null;

    private static void AddPorts(Draft draft, OvsBridge bridge)
    {
        foreach (
            var port in bridge.Ports.Where(port =>
                port.Name != bridge.Name && MayGo(draft, port.Mark, Wanted(draft.WantedPorts, port.Name))
            )
        )
        {
            draft.Ovs.Drop(bridge, port);
            if (draft.Verdicts.TryGetValue(port.Mark.GetValueOrDefault().Id, out var verdict))
            {
                verdict.Await();
            }
        }
    }

    private static void AddBridge(Draft draft, OvsBridge bridge)
    {
        if (!MayGo(draft, bridge.Mark, Wanted(draft.WantedBridges, bridge.Name)))
        {
            return;
        }

        var id = bridge.Mark.GetValueOrDefault().Id;
        var others = bridge
            .Ports.Where(port => port.Name != bridge.Name && !draft.Ovs.IsDropped(bridge, port))
            .Select(port => port.Name)
            .ToArray();
        if (others.Length == 0)
        {
            draft.Ovs.DropBridge(bridge);
        }
        else
        {
            draft.Obstructed[id] =
                $"bridge {bridge.Name} cannot be removed: on it are ports that are not to be removed ({string.Join(", ", others.Order(StringComparer.Ordinal))})";
        }

        if (draft.Verdicts.TryGetValue(id, out var verdict))
        {
            verdict.Await();
        }
    }

    private static void AddNamespace(Draft draft, NamespaceMark note)
    {
        if (!MayGo(draft, note.Mark, Wanted(draft.WantedNamespaces, note.Namespace)))
        {
            return;
        }

        var id = note.Mark.Id;
        var place = note.ThisBoot ? draft.Seen.Network.Namespaces.GetValueOrDefault(note.Namespace) : null;
        draft.Stop(
            draft
                .Clients[id]
                .Where(client => place is not null && client.NetworkNamespace == place.Identity && !draft.Owners.IsRemoving(id))
        );

        // The port goes first and takes its device along, once ovs-vswitchd has seen it. What is then left is a tap without a port,
        // which would outlive the name of its namespace as long as some process is in it.
        if (draft.Owners.IsRemoving(id) && (draft.Seen.Ovs.Behind || draft.Ports.Values.Any(there => draft.Owners.Is(there.Port.Mark, id))))
        {
            return;
        }

        foreach (var link in place?.Links.Values.Where(link => link.Owner == (note.Mark.Installation, id)) ?? [])
        {
            draft.Do(new IpCommand(id, note.Namespace, $"link delete dev {link.Name}"));
        }

        draft.Do(new RemoveNamespace(id, note.Namespace, place is not null));
    }
}
