namespace OvnNestApi.Contracts;

/// <summary>All that one host shall have, and all that it shall remove: the answer to <c>GET /v1/hosts/{host}/work</c>.</summary>
/// <param name="Cursor">Opaque. Sent back as <c>after</c>, it makes the next poll wait until the work differs.</param>
/// <param name="Installation">The installation that this work comes from: what the agent makes bears it as a mark.</param>
/// <param name="Host">The host's name.</param>
/// <param name="IntegrationBridge">OVN's bridge on the host, usually <c>br-int</c>.</param>
/// <param name="Vms">The VMs that shall be on this host, with their containers.</param>
/// <param name="Remove">What the agent shall remove and confirm. Nothing else is ever removed.</param>
public sealed record HostWork(
    string Cursor,
    Guid Installation,
    string Host,
    string IntegrationBridge,
    IReadOnlyList<VmWork> Vms,
    IReadOnlyList<Removal> Remove
);

/// <summary>A VM: its bridge, its link to the integration bridge, its own device, and its containers.</summary>
/// <param name="Id">The VM's id, written as a mark on what is made for it.</param>
/// <param name="Digest">Hash of this object's work without its containers'; the report returns it as applied.</param>
/// <param name="PortName">The logical port's name, the <c>iface-id</c> of the integration bridge's end.</param>
/// <param name="Bridge">The VM's own bridge, at most 15 bytes.</param>
/// <param name="UplinkInterface">Null: a patch pair to the integration bridge. Otherwise the interface that leads out, for an agent inside the VM.</param>
/// <param name="Device">The VM's own, untagged device.</param>
public sealed record VmWork(
    Guid Id,
    string Name,
    string Digest,
    string PortName,
    string Bridge,
    string? UplinkInterface,
    DeviceWork Device,
    IReadOnlyList<ContainerWork> Containers
);

/// <summary>A container: one port of the VM's bridge with the leased tag.</summary>
/// <param name="Id">The container's id, written as a mark on what is made for it.</param>
/// <param name="Digest">Hash of this object's work.</param>
/// <param name="PortName">The logical port's name, for information.</param>
/// <param name="Tag">The VLAN tag, 1–4094.</param>
/// <param name="Lease">The grant under which the tag is used.</param>
public sealed record ContainerWork(Guid Id, string Name, string Digest, string PortName, int Tag, Guid Lease, DeviceWork Device);

/// <summary>A network device and the namespace that it lives in.</summary>
/// <param name="Interface">The device's name, at most 15 bytes.</param>
/// <param name="Namespace">The network namespace's name.</param>
/// <param name="Mac">The MAC address, lower case, with colons.</param>
/// <param name="Mtu">The device's MTU in bytes.</param>
/// <param name="Address">IPv4 address with prefix length ("172.16.255.133/26"); null when the network has no subnet.</param>
/// <param name="Gateway">The default route's next hop; null: none.</param>
/// <param name="DnsServers">For the namespace's resolv.conf; with <see cref="Addressing.Dhcp"/> what DHCP is to give; empty: none are asked for.</param>
public sealed record DeviceWork(
    string Interface,
    string Namespace,
    string Mac,
    int Mtu,
    Addressing Addressing,
    string? Address,
    string? Gateway,
    IReadOnlyList<string> DnsServers,
    Workload Workload
);

/// <summary>How a device gets its address.</summary>
public enum Addressing
{
    /// <summary>A DHCP client in the namespace, answered by OVN.</summary>
    Dhcp,

    /// <summary>The agent sets the address and the default route.</summary>
    Static,

    /// <summary>Nobody sets an address.</summary>
    None,
}

/// <summary>What the agent makes of the device.</summary>
public enum Workload
{
    /// <summary>An internal port in a namespace of its own.</summary>
    Namespace,

    /// <summary>An internal port, left in the host's namespace for a container runtime to take.</summary>
    Port,

    /// <summary>Nothing: the host's side belongs to somebody else.</summary>
    None,
}

/// <summary>An object that shall be on this host no more. The agent finds what it made for it by the mark <paramref name="Id"/>.</summary>
/// <param name="Id">The id of the VM or container.</param>
/// <param name="Kind">What it was.</param>
/// <param name="Name">Its name, for messages.</param>
/// <param name="Interface">Its device, which may stand in the namespace without OVS knowing it any more.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Bridge">For a VM: its bridge. For a container: the bridge of its VM.</param>
public sealed record Removal(Guid Id, RemovalKind Kind, string Name, string Interface, string Namespace, string Bridge);

/// <summary>The kinds of object that a host can be told to remove.</summary>
public enum RemovalKind
{
    /// <summary>A VM with its bridge, patch pair and device.</summary>
    Vm,

    /// <summary>A container's port, device and namespace.</summary>
    Container,
}
