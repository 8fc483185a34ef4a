using OvnNestApi.Contracts;
using OvnNestApi.Http;
using OvnNestApi.Schema;

namespace OvnNestApi.Ports;

/// <summary>What can be asked of a logical port, be it a VM's or a container's.</summary>
public abstract record PortSpec
{
    /// <summary>The MAC address, unicast. Default: chosen, locally administered.</summary>
    /// <example>02:ac:10:ff:01:33</example>
    public MacAddress? Mac { get; init; }

    /// <summary>The IPv4 address. Default: chosen from the network's subnet.</summary>
    /// <example>172.16.255.133</example>
    public Ipv4? Ip { get; init; }

    /// <summary>The logical switch port's name, unique in the northbound database.</summary>
    /// <example>dmz-c51</example>
    [PortName]
    public string? PortName { get; init; }

    /// <summary>The device's name. Default: the object's name, or one made from it.</summary>
    /// <example>c51</example>
    [DeviceName]
    public string? Interface { get; init; }

    /// <summary>The network namespace's name. Default: the object's name, or one made from it.</summary>
    /// <example>c51</example>
    [DeviceName]
    public string? Namespace { get; init; }

    /// <summary>How the device gets its address. Default: dhcp where the network has it on, else static.</summary>
    public Addressing? Addressing { get; init; }

    /// <summary>What the host's agent makes of the device: an internal port in a namespace (default), a bare port, or nothing.</summary>
    public Workload? Workload { get; init; }

    /// <summary>False: the port drops all traffic, and keeps its place. Default: true.</summary>
    public bool? Enabled { get; init; }

    /// <summary>False: any source address may be used. Default: true.</summary>
    public bool? PortSecurity { get; init; }
}
