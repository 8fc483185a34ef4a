using OvnNestApi.Contracts;

namespace OvnNestApi.HostPlanning;

/// <summary>Input and intermediate results of one plan.</summary>
internal sealed class HostPlanBuilder
{
    public HostPlanBuilder(HostWork work, ObservedState observed)
    {
        (Work, Observed, Ownership, Ovs) = (work, observed, new OwnershipRules(work), new OvsChanges(observed.Ovs));
        foreach (var bridge in observed.Ovs.Bridges)
        {
            foreach (var port in bridge.Ports)
            {
                Ports[port.Name] = (bridge, port);
            }
        }

        OwnedNamespaces = OwnedNamespace.Find(observed);
        Clients = observed.Clients.ToLookup(client => client.Id);
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

    /// <summary>Planned changes of the Open_vSwitch database.</summary>
    public OvsChanges Ovs { get; }

    /// <summary>Planned steps outside the Open_vSwitch database.</summary>
    public List<Step> Steps { get; } = [];

    /// <summary>Outcome per resource of the work, by id.</summary>
    public Dictionary<Guid, ResourceOutcome> Outcomes { get; } = [];

    /// <summary>All observed ports, by name. A port name is unique among all bridges (ovs-vswitchd.conf.db(5)).</summary>
    public Dictionary<string, (OvsBridge Bridge, OvsPort Port)> Ports { get; } = [];

    /// <summary>Namespaces with an owner mark, and what is left of them, by name.</summary>
    public IReadOnlyDictionary<string, OwnedNamespace> OwnedNamespaces { get; }

    /// <summary>Running DHCP clients, by resource id.</summary>
    public ILookup<Guid, DhcpClient> Clients { get; }

    /// <summary>Resource id per port name that the plan keeps or creates. Other ports of the same resource are removed.</summary>
    public Dictionary<string, Guid> WantedPorts { get; } = [];

    /// <summary>Resource id per namespace name that the plan keeps or creates.</summary>
    public Dictionary<string, Guid> WantedNamespaces { get; } = [];

    /// <summary>Id of the VM per bridge name that the plan keeps or creates.</summary>
    public Dictionary<string, Guid> WantedBridges { get; } = [];

    /// <summary>Reason why a resource cannot be removed, by resource id.</summary>
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
