namespace OvnNestApi.HostPlanning;

/// <summary>
/// The state that a host will have after plans were carried out, as far as later plans depend on it. Pure: nothing is carried out.
/// </summary>
internal sealed partial class HostForecast(ObservedState start)
{
    private readonly Dictionary<string, Link> _root = new(start.Network.Root);
    private readonly Dictionary<string, NamespaceState> _namespaces = new(start.Network.Namespaces);
    private readonly Dictionary<string, NamespaceRecord> _records = start.NamespaceRecords.ToDictionary(record => record.Namespace);
    private readonly List<DhcpClient> _clients = [.. start.Clients];
    private OvsState _ovs = start.Ovs;

    // Above all indexes of devices that a kernel gives.
    private int _lastNumber = 1 << 30;

    /// <summary>The state after the plans that were added.</summary>
    public ObservedState State =>
        new(
            _ovs,
            start.Network with
            {
                Root = new Dictionary<string, Link>(_root),
                Namespaces = new Dictionary<string, NamespaceState>(_namespaces),
            },
            [.. _records.Values],
            [.. _clients]
        );

    /// <summary>Adds the effect of a plan. It must be computed from <see cref="State"/>.</summary>
    public void Add(HostPlan plan)
    {
        foreach (var change in plan.Changes)
        {
            Add(change);
        }

        foreach (var step in plan.Steps)
        {
            Add(step);
        }
    }

    private void Add(OvsChange change)
    {
        switch (change)
        {
            case RemoveBridge { Bridge: var bridge }:
                _ovs = _ovs with { Bridges = [.. _ovs.Bridges.Where(other => other.Uuid != bridge.Uuid)] };
                DeleteDevices(bridge.Ports);
                break;
            case RemovePort { Bridge: var bridge, Port: var port }:
                WithPorts(bridge.Name, ports => ports.Where(other => other.Uuid != port.Uuid));
                DeleteDevices([port]);
                break;
            case AddBridge add:
                var added = new OvsBridge(Guid.NewGuid(), add.Name, add.DatapathType, add.Mark.ExternalIds, []);
                _ovs = _ovs with { Bridges = [.. _ovs.Bridges, added] };
                break;
            case ChangeBridge { Bridge: var bridge, DatapathType: var type }:
                WithBridge(bridge.Name, other => other with { DatapathType = type });
                break;
            case AddPort { Port: var port }:
                WithPorts(port.Bridge, ports => ports.Append(Port(port, Guid.NewGuid(), port.Type)));
                CreateDevice(port);
                break;
            case ChangePort { Port: var port, Wanted: var wanted }:
                var changed = Port(wanted, port.Uuid, wanted.Type.Length == 0 ? port.Interfaces[0].Type : wanted.Type);
                WithPorts(wanted.Bridge, ports => ports.Select(other => other.Uuid == port.Uuid ? changed : other));
                break;
        }
    }

    private void Add(Step step)
    {
        switch (step)
        {
            case StopClient stop:
                _clients.RemoveAll(client => client.Pid == stop.Pid);
                break;
            case AddNamespace add:
                _records[add.Namespace] = new(add.Namespace, add.Mark);
                var loopback = new Link(1, "lo", "", "", 65536, IsUp: false, HasCarrier: true, add.Mark.Alias, []);
                _namespaces[add.Namespace] = new(
                    add.Namespace,
                    $"net:[{++_lastNumber}]",
                    new Dictionary<string, Link> { ["lo"] = loopback },
                    [],
                    ResolvConf: ""
                );
                break;
            case RecordNamespace record:
                _records[record.Namespace] = new(record.Namespace, record.Mark);
                break;
            case RemoveNamespace remove:
                _namespaces.Remove(remove.Namespace);
                _records.Remove(remove.Namespace);
                break;
            case WriteResolvConf write:
                _namespaces[write.Namespace] = _namespaces[write.Namespace] with { ResolvConf = write.Text };
                break;
            case StartClient start:
                // Without a lease: what the server will assign is not known, and the plan waits for it.
                var place = _namespaces[start.Namespace].Identity ?? "";
                _clients.Add(new(start.ResourceId, ++_lastNumber, place, start.Index, TimeSpan.Zero, null));
                break;
            case IpCommand command:
                Run(command);
                break;
        }
    }

    private void WithBridge(string name, Func<OvsBridge, OvsBridge> change) =>
        _ovs = _ovs with { Bridges = [.. _ovs.Bridges.Select(bridge => bridge.Name == name ? change(bridge) : bridge)] };

    private void WithPorts(string bridge, Func<IEnumerable<OvsPort>, IEnumerable<OvsPort>> change) =>
        WithBridge(bridge, found => found with { Ports = [.. change(found.Ports)] });

    private static OvsPort Port(WantedPort port, Guid uuid, string type) =>
        new(
            uuid,
            port.Name,
            port.Tag,
            (port.Trunks ?? []).ToHashSet(),
            null,
            port.Mark.ExternalIds,
            [
                new(
                    Guid.NewGuid(),
                    port.Name,
                    type,
                    port.InterfaceExternalIds,
                    port.Peer is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["peer"] = port.Peer },
                    port.Mac,
                    port.Mtu,
                    OfPort: 1,
                    Error: null
                ),
            ]
        );

    // ovs-vswitchd creates a device for an internal port, in the root namespace.
    private void CreateDevice(WantedPort port)
    {
        if (port.Type == "internal")
        {
            _root[port.Name] = new(++_lastNumber, port.Name, "tun", port.Mac ?? "", 1500, IsUp: false, HasCarrier: true, null, []);
        }
    }

    private void DeleteDevices(IEnumerable<OvsPort> ports)
    {
        foreach (var name in ports.Where(port => port.Interfaces is [{ Type: "internal" }]).Select(port => port.Name))
        {
            _root.Remove(name);
            foreach (var (place, state) in _namespaces)
            {
                _namespaces[place] = state with
                {
                    Links = state.Links.Where(link => link.Key != name || !link.Value.IsOvsDevice).ToDictionary(),
                };
            }
        }
    }
}
