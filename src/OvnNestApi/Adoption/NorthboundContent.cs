using OvnNestApi.Northbound;
using Ovsdb;

namespace OvnNestApi.Adoption;

/// <summary>The content of the NB, indexed as adoption needs it. Pure: the snapshot does not change.</summary>
internal sealed class NorthboundContent
{
    private readonly Dictionary<string, Row> _ports = new(StringComparer.Ordinal);
    private readonly ILookup<Guid, Row> _switches;
    private readonly ILookup<Guid, Row> _dhcpUsers;
    private readonly Dictionary<string, Row> _routerPorts = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, Dictionary<string, int>> _addresses = [];

    public NorthboundContent(ReplicaSnapshot replica)
    {
        Replica = replica;
        foreach (var port in replica.Table(Tables.SwitchPort).Values)
        {
            _ports[port["name"].AsString()] = port;
        }

        foreach (var port in replica.Table(Tables.RouterPort).Values)
        {
            _routerPorts[port["name"].AsString()] = port;
        }

        _switches = replica
            .Table(Tables.Switch)
            .Values.SelectMany(one => one["ports"].AsSet(), (one, port) => (Switch: one, Port: port.AsUuid()))
            .ToLookup(pair => pair.Port, pair => pair.Switch);
        _dhcpUsers = _ports.Values.Where(port => !port["dhcpv4_options"].IsEmpty).ToLookup(port => port["dhcpv4_options"].AsUuid());
        Candidates =
        [
            .. _ports
                .Values.Where(port => port["type"].AsString() == "" && !IsMarked(port))
                .OrderBy(port => port["name"].AsString(), StringComparer.Ordinal),
        ];
    }

    public ReplicaSnapshot Replica { get; }

    /// <summary>Ports of VMs and containers without an owner mark, by name.</summary>
    public IReadOnlyList<Row> Candidates { get; }

    /// <summary>True if a row has the owner mark of an installation of this service.</summary>
    public static bool IsMarked(Row row) => row["external_ids"].AsStringMap().ContainsKey(Ownership.InstanceKey);

    /// <summary>Returns the port of this name; null if there is none.</summary>
    public Row? Port(string name) => _ports.GetValueOrDefault(name);

    /// <summary>Returns the logical switches that have this port; usually one.</summary>
    public IEnumerable<Row> SwitchesOf(Guid port) => _switches[port];

    /// <summary>Returns the logical switch that has this port; null if there is none.</summary>
    public Row? SwitchOf(Row port) => _switches[port.Uuid].FirstOrDefault();

    /// <summary>Returns the ports that use these DHCP options.</summary>
    public IEnumerable<Row> UsersOf(Row dhcp) => _dhcpUsers[dhcp.Uuid];

    /// <summary>Returns the ports of a switch.</summary>
    public IEnumerable<Row> PortsOf(Row logicalSwitch) =>
        logicalSwitch["ports"].AsSet().Select(port => Replica.Find(Tables.SwitchPort, port.AsUuid())).OfType<Row>();

    /// <summary>Returns the DHCP options that ports of a switch without an owner mark use, except these ports.</summary>
    public HashSet<Guid> ForeignDhcpOf(Guid logicalSwitch, IReadOnlySet<Guid> except) =>
        Replica.Find(Tables.Switch, logicalSwitch) is { } row
            ? [.. PortsOf(row).Where(port => !IsMarked(port) && !except.Contains(port.Uuid)).Select(DhcpOf).OfType<Guid>()]
            : [];

    /// <summary>Returns how many ports of the switch, of all clients and including router ports, have a MAC or IPv4 address.</summary>
    public int Count(Row logicalSwitch, string address)
    {
        if (!_addresses.TryGetValue(logicalSwitch.Uuid, out var counts))
        {
            _addresses[logicalSwitch.Uuid] = counts = [];
            foreach (var one in PortsOf(logicalSwitch).SelectMany(port => AddressesOf(port).Distinct(StringComparer.Ordinal)))
            {
                counts[one] = counts.GetValueOrDefault(one) + 1;
            }
        }

        return counts.GetValueOrDefault(address);
    }

    /// <summary>Returns the IPv4 addresses of the router ports that the switch is connected to.</summary>
    public IEnumerable<string> RouterAddressesOf(Row logicalSwitch) =>
        PortsOf(logicalSwitch)
            .Select(RouterPortOf)
            .OfType<Row>()
            .SelectMany(port => port["networks"].AsSet())
            .Select(network => network.AsString().Split('/')[0]);

    private IEnumerable<string> AddressesOf(Row port) =>
        RouterPortOf(port) is { } router
            ? router["networks"].AsSet().Select(network => network.AsString().Split('/')[0]).Append(Lower(router["mac"].AsString()))
            : port["addresses"].AsSet().SelectMany(text => Lower(text.AsString()).Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static Guid? DhcpOf(Row port) => port["dhcpv4_options"].AsOptionalUuid();

    private Row? RouterPortOf(Row port) =>
        port["options"].AsStringMap().GetValueOrDefault("router-port") is { } name ? _routerPorts.GetValueOrDefault(name) : null;

    private static string Lower(string text) => text.ToLowerInvariant();
}
