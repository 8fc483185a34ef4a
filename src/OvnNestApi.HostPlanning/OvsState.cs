namespace OvnNestApi.HostPlanning;

/// <summary>The columns of the local Open_vSwitch database that the agent uses (ovs-vswitchd.conf.db(5)).</summary>
/// <param name="Root">UUID of the only row of table Open_vSwitch.</param>
/// <param name="SystemId"><c>external_ids:system-id</c>, the chassis name in OVN; null if not set.</param>
/// <param name="DatapathType">
/// <c>external_ids:ovn-bridge-datapath-type</c>, used if there is no integration bridge; null if not set.
/// </param>
/// <param name="HasUnappliedChange">
/// True while ovs-vswitchd has not applied the agent's last transaction: the rows then describe a state that is not reached yet.
/// </param>
internal sealed record OvsState(
    Guid Root,
    string? SystemId,
    string? DatapathType,
    bool HasUnappliedChange,
    IReadOnlyList<OvsBridge> Bridges
)
{
    public OvsBridge? FindBridge(string name) => Bridges.FirstOrDefault(bridge => bridge.Name == name);
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
