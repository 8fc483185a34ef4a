using System.ComponentModel.DataAnnotations;
using OvnNestApi.Http;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Networks;

/// <summary>A network in a request.</summary>
public sealed record NetworkBody : ResourceBody<NetworkSpec>;

/// <summary>Requested state of a network: a logical switch with its subnet, DHCP options and gateway.</summary>
public sealed record NetworkSpec
{
    /// <summary>
    /// IPv4 subnet in canonical form. It must contain every address that is in use. Without a subnet, ports have no IPv4 addresses and DHCP
    /// is off.
    /// </summary>
    /// <example>172.16.255.128/26</example>
    public Cidr? Subnet { get; init; }

    /// <summary>
    /// IPv4 address of the gateway, or <c>none</c>. Default: the first host address of the subnet (of a /31 the last) if <c>router</c> is
    /// set, otherwise <c>none</c>.
    /// </summary>
    /// <example>172.16.255.129</example>
    [Gateway]
    public string? Gateway { get; init; }

    /// <summary>
    /// MAC address of the gateway. Default: generated if <c>router</c> is set, or if DHCP is on and the logical switch is not an existing
    /// one.
    /// </summary>
    /// <example>02:ac:10:ff:01:29</example>
    public MacAddress? GatewayMac { get; init; }

    /// <summary>Name of the router that the network is connected to. Default: no router.</summary>
    [ValidName]
    public string? Router { get; init; }

    /// <summary>DHCP settings.</summary>
    public DhcpSpec? Dhcp { get; init; }

    /// <summary>Addresses and address ranges that no port can have.</summary>
    [MaxLength(256)]
    public IReadOnlyList<AddressRange>? Reserved { get; init; }

    /// <summary>Logical switch of the network. It cannot be changed after the network has been created.</summary>
    public SwitchSpec? Switch { get; init; }
}

/// <summary>DHCP settings of a network, see the table <c>DHCP_Options</c> in ovn-nb(5).</summary>
public sealed record DhcpSpec
{
    /// <summary>True if OVN answers DHCP requests. Default: true if the network has a subnet.</summary>
    public bool? Enabled { get; init; }

    /// <summary>DHCP lease time in seconds. Default: 3600.</summary>
    [Between(1, 31536000)]
    public int? LeaseTime { get; init; }

    /// <summary>IPv4 addresses of the DNS servers. Default: none.</summary>
    [MaxLength(8)]
    public IReadOnlyList<Ipv4>? DnsServers { get; init; }

    /// <summary>Domain name that DHCP sends. Default: none.</summary>
    [Pattern(@"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$", "a domain name is expected")]
    public string? DomainName { get; init; }

    /// <summary>
    /// MTU in bytes, sent by DHCP and set on devices. Default: 1442, which fits Geneve tunnels over an underlay with an MTU of 1500.
    /// </summary>
    [Between(576, 9216)]
    public int? Mtu { get; init; }

    /// <summary>
    /// UUID of the <c>DHCP_Options</c> row to use, only with an existing switch. Default: the row whose <c>cidr</c> is the subnet and that
    /// ports of other systems on that switch use; if there is none, the service creates one.
    /// </summary>
    public Guid? OptionsId { get; init; }
}

/// <summary>Requested logical switch of a network.</summary>
public sealed record SwitchSpec
{
    /// <summary>Name of the logical switch. Default: the name of the network. Required for an existing switch.</summary>
    [LogicalName]
    public string? Name { get; init; }

    /// <summary>
    /// True if another system created the logical switch. The service then adds and removes only its own ports. Default: false.
    /// </summary>
    public bool? Existing { get; init; }
}

/// <summary>An IPv4 address, or <c>none</c>.</summary>
public sealed class GatewayAttribute()
    : PatternAttribute(@"^(none|[0-9]{1,3}(\.[0-9]{1,3}){3})$", "an IPv4 address or \"none\" is expected")
{
    /// <inheritdoc/>
    public override bool IsValid(object? value) => value is null or "none" || (value is string text && Ipv4.TryParse(text, out _));
}
