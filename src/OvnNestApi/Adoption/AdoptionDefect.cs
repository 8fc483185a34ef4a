namespace OvnNestApi.Adoption;

/// <summary>Something in a row that was made by hand that is wrong, or that adoption completes.</summary>
/// <param name="Code">Kind of defect.</param>
/// <param name="Detail">What is wrong, with its value.</param>
/// <param name="Blocks">True if the row cannot be adopted until the defect is mended; false if adoption itself mends it.</param>
public sealed record AdoptionDefect(DefectCode Code, string Detail, bool Blocks);

/// <summary>Kinds of defects.</summary>
public enum DefectCode
{
    /// <summary>The name of a port or switch has characters that the service does not support.</summary>
    NameInvalid,

    /// <summary>The name of the resource differs from that of the row, because it must be a valid and unique name of a resource.</summary>
    NameAdapted,

    /// <summary>The port is on several logical switches.</summary>
    SwitchSeveral,

    /// <summary>Several logical switches have the same name.</summary>
    SwitchAmbiguous,

    /// <summary>Neither the DHCP options of the ports nor <c>other_config:subnet</c> of the switch contains a subnet.</summary>
    SubnetUnknown,

    /// <summary>The ports of the switch use several rows of DHCP options.</summary>
    DhcpSeveral,

    /// <summary>The DHCP options contain what a network cannot have, so they stay those of the other system.</summary>
    DhcpForeign,

    /// <summary>The port uses other DHCP options than the other ports of its switch.</summary>
    DhcpOther,

    /// <summary>The port uses no DHCP options, but the other ports of its switch do.</summary>
    DhcpMissing,

    /// <summary>The port has no MAC address.</summary>
    MacMissing,

    /// <summary>The port has no IPv4 address.</summary>
    IpMissing,

    /// <summary>The port has several addresses.</summary>
    AddressSeveral,

    /// <summary>The port has an address of a kind that the service does not support.</summary>
    AddressInvalid,

    /// <summary>The IPv4 address is not a host address of the subnet.</summary>
    AddressOutside,

    /// <summary>Another port of the switch, or its gateway, has the IPv4 address.</summary>
    AddressDuplicate,

    /// <summary>Another port of the switch has the MAC address.</summary>
    MacDuplicate,

    /// <summary>The port security does not contain the addresses of the port, or contains what the service does not support.</summary>
    PortSecurityOther,

    /// <summary>The port gets frames for unknown addresses, but its port security rejects all of them.</summary>
    UnknownUnusable,

    /// <summary>The port security allows other MAC addresses, but the port does not get frames for unknown addresses.</summary>
    UnknownMissing,

    /// <summary>The host name that DHCP sends is not valid.</summary>
    HostnameInvalid,

    /// <summary>No port has the name of the parent.</summary>
    ParentMissing,

    /// <summary>The parent is nested in another port itself; such a port is never bound.</summary>
    ParentNested,

    /// <summary>The parent is not the port of a VM, or belongs to another installation.</summary>
    ParentUnsuitable,

    /// <summary>The nested port has no VLAN tag.</summary>
    TagMissing,

    /// <summary>The VLAN tag is not one of 1 to 4094.</summary>
    TagInvalid,

    /// <summary>Another port of the same parent has the same VLAN tag.</summary>
    TagDuplicate,

    /// <summary>The tag is in column <c>tag</c> only, which ovn-northd clears since OVN 26.03.2.</summary>
    TagWithoutRequest,

    /// <summary>ovn-northd has not set <c>tag</c> to the value of <c>tag_request</c>.</summary>
    TagNotApplied,

    /// <summary>The port has a VLAN tag but no parent.</summary>
    TagWithoutParent,
}
