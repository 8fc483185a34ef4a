using System.Collections.Frozen;

namespace OvnNestApi.Agent.Planning;

/// <summary>What the host has, at one moment: all that a plan is made from, besides the work.</summary>
/// <param name="Ovs">The local Open_vSwitch database.</param>
/// <param name="Network">The devices of the host's own namespace and of those that concern us.</param>
/// <param name="NamespaceRecords">The namespaces that we made, by our own notes.</param>
/// <param name="Clients">The DHCP clients that we started and that still run.</param>
internal sealed record ObservedState(
    OvsState Ovs,
    NetworkState Network,
    IReadOnlyList<NamespaceRecord> NamespaceRecords,
    IReadOnlyList<DhcpClient> Clients
);

/// <summary>The local Open_vSwitch database, as far as it concerns us (ovs-vswitchd.conf.db(5)).</summary>
/// <param name="Root">The UUID of its one Open_vSwitch row.</param>
/// <param name="SystemId"><c>external_ids:system-id</c>: OVN's name of this chassis.</param>
/// <param name="DatapathType"><c>external_ids:ovn-bridge-datapath-type</c>, for a host without an integration bridge.</param>
/// <param name="HasUnappliedChange">ovs-vswitchd has not yet done what we wrote last: what the rows say is not yet so.</param>
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
    /// <summary>The port's mark, or its interface's if somebody took the port's away.</summary>
    public OwnerMark? Mark => OwnerMark.Read(ExternalIds) ?? (Interfaces is [var only] ? OwnerMark.Read(only.ExternalIds) : null);
}

/// <param name="OfPort">Null until ovs-vswitchd has made it, -1 when it could not.</param>
/// <param name="Error">Why it could not, in its words.</param>
internal sealed record OvsInterface(
    Guid Uuid,
    string Name,
    string Type,
    IReadOnlyDictionary<string, string> ExternalIds,
    IReadOnlyDictionary<string, string> Options,
    string? Mac,
    long? MtuRequest,
    long? OfPort,
    string? Error
);

/// <param name="Root">The devices of the host's own namespace, by name.</param>
/// <param name="Namespaces">The named namespaces that exist, of those that the work or our marks name.</param>
internal sealed record NetworkState(IReadOnlyDictionary<string, Link> Root, IReadOnlyDictionary<string, NamespaceState> Namespaces);

/// <param name="Identity">What <c>/proc/PID/ns/net</c> of a process in it says; null when the name is there and no namespace behind it.</param>
/// <param name="DefaultGateway">The next hop of its IPv4 default route; null when it has none.</param>
/// <param name="ResolvConf">The text of <c>/etc/netns/NAME/resolv.conf</c>; null when there is no such file.</param>
internal sealed record NamespaceState(
    string Name,
    string? Identity,
    IReadOnlyDictionary<string, Link> Links,
    string? DefaultGateway,
    string? ResolvConf
);

/// <summary>A network device.</summary>
/// <param name="Kind">As <c>ip -d link</c> shows it: <c>tun</c>, <c>openvswitch</c>, <c>veth</c> …; empty for a physical one.</param>
/// <param name="HasCarrier">Somebody serves the other end. Known only while the device is up.</param>
/// <param name="Addresses">Its IPv4 addresses with prefix length.</param>
internal sealed record Link(
    int Index,
    string Name,
    string Kind,
    string Mac,
    int Mtu,
    bool IsUp,
    bool HasCarrier,
    string? Alias,
    IReadOnlyList<string> Addresses
)
{
    /// <summary>It is of a kind that Open vSwitch makes for an internal port: a tap in userspace, its own in the kernel.</summary>
    public bool IsOvsDevice => Kind is "tun" or "openvswitch";

    public (Guid Installation, Guid Id)? Owner => OwnerMark.ReadAlias(Alias);

    public static IReadOnlyDictionary<string, Link> NoLinks { get; } = FrozenDictionary<string, Link>.Empty;
}

/// <summary>Our note that a namespace of this name is ours.</summary>
/// <param name="IsFromThisBoot">We made it since the machine started. Namespaces do not survive that, so an older note says nothing about one that exists.</param>
internal sealed record NamespaceRecord(string Namespace, OwnerMark Mark, bool IsFromThisBoot);

/// <summary>A DHCP client of ours that runs.</summary>
/// <param name="Id">The object that it serves.</param>
/// <param name="NetworkNamespace">As <see cref="NamespaceState.Identity"/>: where it really runs.</param>
/// <param name="Index">The index of the device that it was started for.</param>
/// <param name="Age">How long it has been running.</param>
/// <param name="Lease">What it was given; null while it has nothing.</param>
internal sealed record DhcpClient(Guid Id, int Pid, string NetworkNamespace, int Index, TimeSpan Age, DhcpLease? Lease);

/// <param name="Address">With prefix length.</param>
/// <param name="Router">The default route's next hop; null when none was given.</param>
internal sealed record DhcpLease(string Address, string? Router);
