using System.Collections.Frozen;

namespace OvnNestApi.Agent.Planning;

/// <summary>Network devices of the machine.</summary>
/// <param name="Root">Devices of the root network namespace, by name.</param>
/// <param name="Namespaces">Existing named namespaces, limited to those that the work or our records name.</param>
internal sealed record NetworkState(IReadOnlyDictionary<string, Link> Root, IReadOnlyDictionary<string, NamespaceState> Namespaces);

/// <summary>State of a named network namespace (ip-netns(8)).</summary>
/// <param name="Identity">
/// Target of <c>/proc/PID/ns/net</c> for a process in the namespace; null if the name exists but has no namespace behind it.
/// </param>
/// <param name="Links">Devices of the namespace, by name.</param>
/// <param name="DefaultGateway">Next hop of the IPv4 default route; null if there is none.</param>
/// <param name="ResolvConf">Text of <c>/etc/netns/NAME/resolv.conf</c>; null if the file does not exist.</param>
internal sealed record NamespaceState(
    string Name,
    string? Identity,
    IReadOnlyDictionary<string, Link> Links,
    string? DefaultGateway,
    string? ResolvConf
);

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
