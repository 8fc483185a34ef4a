using System.Text.Json.Serialization;

namespace OvnNestApi.Contracts;

/// <summary>Everything that one host must have and must remove; answer to <c>GET /v1/hosts/{host}/work</c>.</summary>
/// <param name="Cursor">Opaque. If it is sent back as <c>after</c>, the next poll waits until the work differs.</param>
/// <param name="Installation">Id of the installation that the work comes from, written to all owner marks.</param>
/// <param name="Host">Name of the host.</param>
/// <param name="IntegrationBridge">OVN's integration bridge on the host, usually <c>br-int</c>.</param>
/// <param name="Vms">VMs that must be on the host, with their containers.</param>
/// <param name="Remove">Resources that the agent must remove and confirm. It removes no other resource.</param>
public sealed record HostWork(
    string Cursor,
    Guid Installation,
    string Host,
    string IntegrationBridge,
    IReadOnlyList<VmWork> Vms,
    IReadOnlyList<Removal> Remove
);

/// <summary>Work for a VM: its bridge, the link to the integration bridge, its own device, and its containers.</summary>
/// <param name="Id">Id of the VM, written to the owner marks.</param>
/// <param name="Name">Name of the VM, for messages.</param>
/// <param name="Digest">Hash of this VM's work without its containers. The agent reports it when the work is in place.</param>
/// <param name="PortName">Name of the VM's logical switch port, the <c>iface-id</c> on the integration bridge.</param>
/// <param name="Bridge">Name of the VM's bridge, at most 15 bytes.</param>
/// <param name="UplinkInterface">
/// Interface that connects the bridge to the outside, for an agent inside the VM; null for a patch pair to the integration bridge.
/// </param>
/// <param name="Device">The VM's own device, which has no VLAN tag.</param>
/// <param name="Containers">The VM's containers on this host.</param>
public sealed record VmWork(
    Guid Id,
    string Name,
    string Digest,
    string PortName,
    string Bridge,
    string? UplinkInterface,
    DeviceWork Device,
    IReadOnlyList<ContainerWork> Containers
)
{
    /// <summary>
    /// True if the agent takes over the bridge, patch ports, device and namespace of these names that have no owner mark; absent if it
    /// must not. Not part of the digest.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Adopts { get; init; }
}

/// <summary>Work for a container: one port on the VM's bridge with the leased VLAN tag.</summary>
/// <param name="Id">Id of the container, written to the owner marks.</param>
/// <param name="Name">Name of the container, for messages.</param>
/// <param name="Digest">Hash of this container's work. The agent reports it when the work is in place.</param>
/// <param name="PortName">Name of the container's logical switch port, for information.</param>
/// <param name="Tag">VLAN tag, 1-4094.</param>
/// <param name="Lease">Id of the VLAN lease that grants the tag.</param>
/// <param name="Device">The container's device.</param>
public sealed record ContainerWork(Guid Id, string Name, string Digest, string PortName, int Tag, Guid Lease, DeviceWork Device)
{
    /// <summary>
    /// True if the agent takes over the port, device and namespace of these names that have no owner mark; absent if not.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Adopts { get; init; }
}

/// <summary>Work for a network device.</summary>
/// <param name="Interface">Name of the device, at most 15 bytes.</param>
/// <param name="Namespace">Name of its network namespace.</param>
/// <param name="Mac">MAC address, lower case, with colons.</param>
/// <param name="Mtu">MTU in bytes, 68-65521.</param>
/// <param name="Addressing">How the device gets its address.</param>
/// <param name="Address">IPv4 address with prefix length, such as "172.16.255.133/26"; null if the network has no subnet.</param>
/// <param name="Gateway">Next hop of the default route; null if there is none.</param>
/// <param name="DnsServers">IP addresses of the name servers in the namespace's resolv.conf.</param>
/// <param name="Workload">What the agent creates for the device.</param>
/// <param name="DomainName">Search domain in the namespace's resolv.conf; null if there is none.</param>
/// <param name="LeaseTime">Lease time in seconds that DHCP must assign; null if any is right.</param>
/// <param name="FollowsDhcp">
/// True if another system may have set the DHCP options: a gateway, name servers or a domain that the work does not have are those that
/// DHCP assigns. False: then there are none.
/// </param>
/// <param name="AllowedAddresses">IPv4 subnets of which other programs may set addresses on the device; null for none.</param>
public sealed record DeviceWork(
    string Interface,
    string Namespace,
    string Mac,
    int Mtu,
    Addressing Addressing,
    string? Address,
    string? Gateway,
    IReadOnlyList<string> DnsServers,
    Workload Workload,
    string? DomainName = null,
    int? LeaseTime = null,
    bool FollowsDhcp = true,
    IReadOnlyList<string>? AllowedAddresses = null
);

/// <summary>How a device gets its address.</summary>
public enum Addressing
{
    /// <summary>A DHCP client in the namespace requests it; OVN answers.</summary>
    Dhcp,

    /// <summary>The agent sets the address and the default route.</summary>
    Static,

    /// <summary>The agent sets no address.</summary>
    None,
}

/// <summary>What the agent creates for a device.</summary>
public enum Workload
{
    /// <summary>An internal port in its own network namespace.</summary>
    Namespace,

    /// <summary>An internal port in the host's root namespace, from where a container runtime moves it.</summary>
    Port,

    /// <summary>Nothing; another system creates the device.</summary>
    None,
}

/// <summary>Resource that the agent must remove from the host. It finds the resource's items by the id in their owner marks.</summary>
/// <param name="Id">Id of the VM or container.</param>
/// <param name="Kind">Kind of the resource.</param>
/// <param name="Name">Name of the resource, for messages.</param>
/// <param name="Interface">Name of its device, which may still be in the namespace after OVS has forgotten it.</param>
/// <param name="Namespace">Name of its network namespace.</param>
/// <param name="Bridge">For a VM: its bridge. For a container: the bridge of its VM.</param>
public sealed record Removal(Guid Id, RemovalKind Kind, string Name, string Interface, string Namespace, string Bridge);

/// <summary>Kinds of resources that the agent can remove.</summary>
public enum RemovalKind
{
    /// <summary>A VM with its bridge, patch pair and device.</summary>
    Vm,

    /// <summary>A container with its port, device and namespace.</summary>
    Container,
}
