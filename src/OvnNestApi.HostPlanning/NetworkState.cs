using System.Collections.Frozen;

namespace OvnNestApi.HostPlanning;

/// <summary>Network devices of the machine.</summary>
/// <param name="Root">Devices of the root network namespace, by name.</param>
/// <param name="Namespaces">Existing named namespaces (ip-netns(8)), by name.</param>
/// <param name="Others">
/// Devices in namespaces without a name that have an owner mark or are of Open vSwitch: a container runtime moved them there. Empty if the
/// work has no device for a container runtime.
/// </param>
internal sealed record NetworkState(
    IReadOnlyDictionary<string, Link> Root,
    IReadOnlyDictionary<string, NamespaceState> Namespaces,
    IReadOnlyList<Link> Others
);

/// <summary>State of a named network namespace (ip-netns(8)).</summary>
/// <param name="Identity">
/// Target of <c>/proc/PID/ns/net</c> for a process in the namespace; null if the name exists but has no namespace behind it.
/// </param>
/// <param name="Links">Devices of the namespace, by name.</param>
/// <param name="DefaultRoutes">IPv4 default routes that the kernel prefers, in its order.</param>
/// <param name="ResolvConf">Text of <c>/etc/netns/NAME/resolv.conf</c>; null if the file does not exist.</param>
/// <param name="FileText">Text of the name's file if there is no namespace behind it; null otherwise.</param>
internal sealed record NamespaceState(
    string Name,
    string? Identity,
    IReadOnlyDictionary<string, Link> Links,
    IReadOnlyList<DefaultRoute> DefaultRoutes,
    string? ResolvConf,
    string? FileText = null
)
{
    /// <summary>Installation and resource id from the alias of the loopback device, which is the owner mark of a namespace.</summary>
    public (Guid Installation, Guid Id)? Owner => Links.GetValueOrDefault("lo")?.Owner ?? OwnerMark.ReadAlias(FileText);
}

/// <summary>IPv4 default route of the main table with metric 0 and no type of service.</summary>
/// <param name="Gateway">Next hop; null for a route without one, with several, or one that rejects packets.</param>
/// <param name="Index">Interface index of its device; 0 for a route without one or with several.</param>
internal sealed record DefaultRoute(string? Gateway, int Index);

/// <summary>Network device.</summary>
/// <param name="Kind">
/// Kind as shown by <c>ip -d link</c>: <c>tun</c>, <c>openvswitch</c>, <c>veth</c> …; empty for a physical device.
/// </param>
/// <param name="Mac">Lower case, with colons; empty if the device has no MAC address.</param>
/// <param name="Mtu">MTU in bytes.</param>
/// <param name="HasCarrier">True if a program or a peer serves the other end. The kernel knows this only while the device is up.</param>
/// <param name="Addresses">IPv4 addresses with prefix length.</param>
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
    /// <summary>
    /// True for the kinds that Open vSwitch creates for internal ports: a tap (userspace datapath) or its own (kernel datapath).
    /// </summary>
    public bool IsOvsDevice => Kind is "tun" or "openvswitch";

    /// <summary>Installation and resource id from the alias; null if the alias is not an owner mark.</summary>
    public (Guid Installation, Guid Id)? Owner => OwnerMark.ReadAlias(Alias);

    public static IReadOnlyDictionary<string, Link> NoLinks { get; } = FrozenDictionary<string, Link>.Empty;
}
