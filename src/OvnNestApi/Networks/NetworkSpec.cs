using System.ComponentModel.DataAnnotations;
using OvnNestApi.Http;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Networks;

/// <summary>A network as a client may send it.</summary>
public sealed record NetworkBody : ResourceBody<NetworkSpec>;

/// <summary>What can be asked of a network: a logical switch with its subnet, DHCP options and gateway.</summary>
public sealed record NetworkSpec
{
    /// <summary>IPv4 subnet in canonical form. Default: no addresses, no DHCP. It must contain every address that is in use.</summary>
    /// <example>172.16.255.128/26</example>
    public Cidr? Subnet { get; init; }

    /// <summary>The gateway's address, or <c>none</c>. Default: the subnet's first host if a router is named, else none.</summary>
    /// <example>172.16.255.129</example>
    [Gateway]
    public string? Gateway { get; init; }

    /// <summary>The gateway's MAC address. Default: generated where one is needed.</summary>
    /// <example>02:ac:10:ff:01:29</example>
    public MacAddress? GatewayMac { get; init; }

    /// <summary>The router that the network joins.</summary>
    [ValidName]
    public string? Router { get; init; }

    /// <summary>What OVN's DHCP server tells.</summary>
    public DhcpSpec? Dhcp { get; init; }

    /// <summary>Addresses or ranges of addresses that are not handed out unasked.</summary>
    [MaxLength(256)]
    public IReadOnlyList<AddressRange>? Reserved { get; init; }

    /// <summary>The logical switch. Fixed once the network exists.</summary>
    public SwitchSpec? Switch { get; init; }
}

/// <summary>What OVN's DHCP server tells (DHCP_Options in ovn-nb(5)).</summary>
public sealed record DhcpSpec
{
    /// <summary>Whether OVN answers DHCP. Default: true where the network has a subnet.</summary>
    public bool? Enabled { get; init; }

    /// <summary>The lease time in seconds. Default: 3600.</summary>
    [Between(1, 31536000)]
    public int? LeaseTime { get; init; }

    /// <summary>DNS servers.</summary>
    [MaxLength(8)]
    public IReadOnlyList<Ipv4>? DnsServers { get; init; }

    /// <summary>The domain name.</summary>
    [Pattern(@"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$", "a domain name is expected")]
    public string? DomainName { get; init; }

    /// <summary>The MTU in bytes, told by DHCP and set on devices. Default: 1442, which fits Geneve on an underlay of 1500.</summary>
    [Between(576, 9216)]
    public int? Mtu { get; init; }

    /// <summary>For an existing switch: the UUID of the DHCP_Options row to use, where the subnet alone does not tell.</summary>
    public Guid? OptionsId { get; init; }
}

/// <summary>The logical switch of a network.</summary>
public sealed record SwitchSpec
{
    /// <summary>The switch's name. Default: the network's.</summary>
    [Pattern(@"^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,254}$", "1 to 255 letters, digits, dots, colons, dashes and underscores are expected")]
    public string? Name { get; init; }

    /// <summary>True: the switch was made by others; only our ports are added to it or taken from it. Default: false.</summary>
    public bool? Existing { get; init; }
}

/// <summary>An address, or <c>none</c>.</summary>
public sealed class GatewayAttribute()
    : PatternAttribute(@"^(none|[0-9]{1,3}(\.[0-9]{1,3}){3})$", "an IPv4 address or \"none\" is expected")
{
    /// <inheritdoc/>
    public override bool IsValid(object? value) => value is null or "none" || (value is string text && Ipv4.TryParse(text, out _));
}
