using System.Text.Json.Serialization;
using OvnNestApi.Contracts;
using OvnNestApi.Schema;

namespace OvnNestApi.Ports;

/// <summary>What the northbound database has of a port, as of the last pass.</summary>
/// <param name="Present">The port's row stands.</param>
/// <param name="Up">The port is bound and its flows are installed.</param>
/// <param name="Tag">The VLAN tag there; absent: none.</param>
/// <param name="Error">The server's words when it refused the row; absent: it did not.</param>
public sealed record PortNorthbound(bool Present, bool Up, int? Tag, string? Error);

/// <summary>What the host has of a port.</summary>
/// <param name="Name">The host; absent: none is named.</param>
/// <param name="Address">The IPv4 address that the device has, as the agent reports; absent: none.</param>
/// <param name="Error">Why the agent could not do its work; absent: it could.</param>
public sealed record PortHost(string? Name, string? Address, string? Error);

/// <summary>A port's values in effect.</summary>
public abstract record PortEffective
{
    /// <summary>The network.</summary>
    [JsonPropertyOrder(-3)]
    public required string Network { get; init; }

    /// <summary>The MAC address.</summary>
    [JsonPropertyOrder(-2)]
    public required MacAddress Mac { get; init; }

    /// <summary>The IPv4 address; absent: the network has no subnet.</summary>
    [JsonPropertyOrder(-1)]
    public Ipv4? Ip { get; init; }

    /// <summary>The MTU in bytes.</summary>
    public required int Mtu { get; init; }

    /// <summary>The logical switch port's name.</summary>
    public required string PortName { get; init; }

    /// <summary>The device's name.</summary>
    public required string Interface { get; init; }

    /// <summary>The network namespace's name.</summary>
    public required string Namespace { get; init; }

    /// <summary>How the device gets its address.</summary>
    public required Addressing Addressing { get; init; }

    /// <summary>What the agent makes of the device.</summary>
    public required Workload Workload { get; init; }

    /// <summary>Whether the port passes traffic.</summary>
    public required bool Enabled { get; init; }

    /// <summary>Whether only its own addresses may be used.</summary>
    public required bool PortSecurity { get; init; }
}
