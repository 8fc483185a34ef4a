namespace OvnNestApi.HostPlanning;

/// <summary>The columns of the local Open_vSwitch database that the agent uses (ovs-vswitchd.conf.db(5)).</summary>
/// <param name="Root">UUID of the only row of table Open_vSwitch.</param>
/// <param name="SystemId"><c>external_ids:system-id</c>, the chassis name in OVN; null if not set.</param>
/// <param name="DatapathType">
/// <c>external_ids:ovn-bridge-datapath-type</c>, used if there is no integration bridge; null if not set.
/// </param>
/// <param name="Encapsulation">How OVN's tunnels of the host begin.</param>
/// <param name="HasUnappliedChange">
/// True while ovs-vswitchd has not applied the agent's last transaction: the rows then describe a state that is not reached yet.
/// </param>
internal sealed record OvsState(
    Guid Root,
    string? SystemId,
    string? DatapathType,
    Encapsulation Encapsulation,
    bool HasUnappliedChange,
    IReadOnlyList<OvsBridge> Bridges
)
{
    public OvsBridge? FindBridge(string name) => Bridges.FirstOrDefault(bridge => bridge.Name == name);
}

/// <summary>Local ends of OVN's tunnels (ovn-controller(8)).</summary>
/// <param name="Types"><c>external_ids:ovn-encap-type</c>, such as <c>geneve</c>; null if not set.</param>
/// <param name="Addresses"><c>external_ids:ovn-encap-ip</c>: IP addresses, separated by commas; null if not set.</param>
internal sealed record Encapsulation(string? Types, string? Addresses)
{
    // Outer IPv4, UDP and tunnel header, and the inner Ethernet header. OVN adds one option of 8 bytes to the header of Geneve.
    private const int GeneveOverhead = 20 + 8 + 16 + 14;
    private const int VxlanOverhead = 20 + 8 + 8 + 14;

    /// <summary>
    /// Returns the largest MTU of packets in the tunnels; null if an address is not that of a device, or the type is another one.
    /// </summary>
    public int? FindMtu(IEnumerable<Link> devices)
    {
        var mtus = (Addresses ?? "").Split(',').Select(address => FindDeviceMtu(devices, address.Trim())).ToArray();
        int? overhead = (Types ?? "").Split(',').Select(type => type.Trim()).ToArray() switch
        {
            var types when types.Contains("geneve") => GeneveOverhead,
            ["vxlan"] => VxlanOverhead,
            _ => null,
        };
        return mtus.Contains(null) ? null : mtus.Min() - overhead;
    }

    private static int? FindDeviceMtu(IEnumerable<Link> devices, string address) =>
        devices.FirstOrDefault(device => device.Addresses.Any(own => own.Split('/')[0] == address))?.Mtu;
}

/// <summary>Row of table Bridge with its ports.</summary>
internal sealed record OvsBridge(
    Guid Uuid,
    string Name,
    string DatapathType,
    IReadOnlyDictionary<string, string> ExternalIds,
    IReadOnlyList<OvsPort> Ports
)
{
    public OwnerMark? Mark => OwnerMark.Read(ExternalIds);
}

/// <summary>Row of table Port with its interfaces.</summary>
internal sealed record OvsPort(
    Guid Uuid,
    string Name,
    int? Tag,
    IReadOnlySet<long> Trunks,
    string? VlanMode,
    IReadOnlyDictionary<string, string> ExternalIds,
    IReadOnlyList<OvsInterface> Interfaces
)
{
    /// <summary>Owner mark of the port, or of its only interface if another program removed the port's mark.</summary>
    public OwnerMark? Mark => OwnerMark.Read(ExternalIds) ?? (Interfaces is [var only] ? OwnerMark.Read(only.ExternalIds) : null);
}

/// <summary>Row of table Interface.</summary>
/// <param name="OfPort">OpenFlow port number: null until ovs-vswitchd has created the interface, -1 if it failed.</param>
/// <param name="Error">Error message of ovs-vswitchd; null if there is none.</param>
/// <param name="Index">Interface index of the device; null or 0 if it is not in the root namespace.</param>
internal sealed record OvsInterface(
    Guid Uuid,
    string Name,
    string Type,
    IReadOnlyDictionary<string, string> ExternalIds,
    IReadOnlyDictionary<string, string> Options,
    string? Mac,
    long? MtuRequest,
    long? OfPort,
    string? Error,
    long? Index = null
);
