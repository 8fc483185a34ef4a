using OvnNestApi.Contracts;

namespace OvnNestApi.Agent.Planning;

/// <summary>A plan while it is being made: what is given, what has been decided so far.</summary>
internal sealed class HostPlanBuilder
{
    public HostPlanBuilder(HostWork work, ObservedState seen)
    {
        (Work, Observed, Ownership, Ovs) = (work, seen, new OwnershipRules(work), new OvsChanges(seen.Ovs));
        foreach (var bridge in seen.Ovs.Bridges)
        {
            foreach (var port in bridge.Ports)
            {
                Ports[port.Name] = (bridge, port);
            }
        }

        NamespaceRecords = seen.NamespaceRecords.ToDictionary(mark => mark.Namespace);
        Clients = seen.Clients.ToLookup(client => client.Id);
        foreach (var vm in work.Vms)
        {
            Outcomes[vm.Id] = new ResourceOutcome(vm.Id, vm.Digest);
            foreach (var container in vm.Containers)
            {
                Outcomes[container.Id] = new ResourceOutcome(container.Id, container.Digest);
            }
        }
    }

    public HostWork Work { get; }

    public ObservedState Observed { get; }

    public OwnershipRules Ownership { get; }

    public OvsChanges Ovs { get; }

    public List<Step> Steps { get; } = [];

    public Dictionary<Guid, ResourceOutcome> Outcomes { get; } = [];

    /// <summary>Every port of the host, by name: names are unique among all bridges (ovs-vswitchd.conf.db(5)).</summary>
    public Dictionary<string, (OvsBridge Bridge, OvsPort Port)> Ports { get; } = [];

    public IReadOnlyDictionary<string, NamespaceRecord> NamespaceRecords { get; }

    public ILookup<Guid, DhcpClient> Clients { get; }

    /// <summary>Which object shall have the port of this name; what else an object has is left over.</summary>
    public Dictionary<string, Guid> WantedPorts { get; } = [];

    public Dictionary<string, Guid> WantedNamespaces { get; } = [];

    public Dictionary<string, Guid> WantedBridges { get; } = [];

    /// <summary>Objects that cannot be removed, and why.</summary>
    public Dictionary<Guid, string> RemovalErrors { get; } = [];

    public void AddStep(Step step)
    {
        Steps.Add(step);
        if (Outcomes.TryGetValue(step.ResourceId, out var outcome))
        {
            outcome.MarkPending();
        }
    }

    public void StopClients(IEnumerable<DhcpClient> clients)
    {
        foreach (var client in clients)
        {
            AddStep(new StopClient(client.Id, client.Pid));
        }
    }
}
