using OvnNestApi.Contracts;

namespace OvnNestApi.Agent.Planning;

/// <summary>A plan while it is being made: what is given, what has been decided so far.</summary>
internal sealed class Draft
{
    public Draft(HostWork work, Observed seen)
    {
        (Work, Seen, Owners, Ovs) = (work, seen, new Owners(work), new OvsDraft(seen.Ovs));
        foreach (var bridge in seen.Ovs.Bridges)
        {
            foreach (var port in bridge.Ports)
            {
                Ports[port.Name] = (bridge, port);
            }
        }

        Marks = seen.Marks.ToDictionary(mark => mark.Namespace);
        Clients = seen.Clients.ToLookup(client => client.Id);
        foreach (var vm in work.Vms)
        {
            Verdicts[vm.Id] = new Verdict(vm.Id, vm.Digest);
            foreach (var container in vm.Containers)
            {
                Verdicts[container.Id] = new Verdict(container.Id, container.Digest);
            }
        }
    }

    public HostWork Work { get; }

    public Observed Seen { get; }

    public Owners Owners { get; }

    public OvsDraft Ovs { get; }

    public List<Step> Steps { get; } = [];

    public Dictionary<Guid, Verdict> Verdicts { get; } = [];

    /// <summary>Every port of the host, by name: names are unique among all bridges (ovs-vswitchd.conf.db(5)).</summary>
    public Dictionary<string, (OvsBridge Bridge, OvsPort Port)> Ports { get; } = [];

    public IReadOnlyDictionary<string, NamespaceMark> Marks { get; }

    public ILookup<Guid, DhcpClient> Clients { get; }

    /// <summary>Which object shall have the port of this name; what else an object has is left over.</summary>
    public Dictionary<string, Guid> WantedPorts { get; } = [];

    public Dictionary<string, Guid> WantedNamespaces { get; } = [];

    public Dictionary<string, Guid> WantedBridges { get; } = [];

    /// <summary>Objects that cannot be removed, and why.</summary>
    public Dictionary<Guid, string> Obstructed { get; } = [];

    public void Do(Step step)
    {
        Steps.Add(step);
        if (Verdicts.TryGetValue(step.Object, out var verdict))
        {
            verdict.Await();
        }
    }

    public void Stop(IEnumerable<DhcpClient> clients)
    {
        foreach (var client in clients)
        {
            Do(new StopClient(client.Id, client.Pid));
        }
    }
}
