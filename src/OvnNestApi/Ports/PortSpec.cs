using System.ComponentModel.DataAnnotations;
using OvnNestApi.Contracts;
using OvnNestApi.Http;
using OvnNestApi.Schema;

namespace OvnNestApi.Ports;

/// <summary>Requested state of a port: the fields that VMs and containers have in common.</summary>
public abstract record PortSpec
{
    /// <summary>MAC address, unicast. Default: a random address that begins with <c>Addresses__MacPrefix</c>.</summary>
    /// <example>02:ac:10:ff:01:33</example>
    public MacAddress? Mac { get; init; }

    /// <summary>IPv4 address. Default: a free address of the network's subnet.</summary>
    /// <example>172.16.255.133</example>
    public Ipv4? Ip { get; init; }

    /// <summary>
    /// Name of the logical switch port, unique in the northbound database. Default: made from the names of network, VM and container.
    /// </summary>
    /// <example>dmz-c51</example>
    [PortName]
    public string? PortName { get; init; }

    /// <summary>Name of the device. Default: the name of the resource, or a name that is made from it.</summary>
    /// <example>c51</example>
    [DeviceName]
    public string? Interface { get; init; }

    /// <summary>Name of the network namespace. Default: the name of the resource, or a name that is made from it.</summary>
    /// <example>c51</example>
    [DeviceName]
    public string? Namespace { get; init; }

    /// <summary>
    /// How the device gets its address. Default: <c>dhcp</c> if DHCP is on in the network, otherwise <c>static</c>, or <c>none</c> without
    /// a subnet.
    /// </summary>
    public Addressing? Addressing { get; init; }

    /// <summary>
    /// What the agent creates for the device: an internal port in its own namespace (default), an internal port in the root namespace, or
    /// nothing.
    /// </summary>
    public Workload? Workload { get; init; }

    /// <summary>False if the port must drop all traffic; it keeps its addresses and tag. Default: true.</summary>
    public bool? Enabled { get; init; }

    /// <summary>False if the port can send from any source address. Default: true.</summary>
    public bool? PortSecurity { get; init; }

    /// <summary>
    /// More addresses that the port can send from and receive for, such as the virtual address of keepalived: an IPv4 address or subnet,
    /// with a MAC address before it if it is not the port's own. Several ports can allow the same address. A single address is not
    /// allocated automatically in the port's network. Only with port security. Default: none.
    /// </summary>
    [MaxLength(32)]
    public IReadOnlyList<AllowedAddress>? AllowedAddresses { get; init; }

    /// <summary>
    /// True if the port gets all frames of its network whose destination MAC address is unknown, such as a bridge with further machines
    /// behind it. Only without port security. Default: false.
    /// </summary>
    public bool? UnknownAddresses { get; init; }

    /// <summary>Host name that DHCP sends (option 12). Default: none.</summary>
    /// <example>c51.example.org</example>
    [Hostname]
    public string? Hostname { get; init; }
}
