using System.Text.Json.Serialization;
using OvnNestApi.Contracts;
using OvnNestApi.Schema;

namespace OvnNestApi.Ports;

/// <summary>State of a port in the northbound database, as of the last pass of the reconciler.</summary>
/// <param name="Present">True if the northbound database contains the row of the port.</param>
/// <param name="Up">Column <c>up</c> of the row: true if the port is bound to a chassis and its flows are installed.</param>
/// <param name="Tag">Column <c>tag</c> of the row, the VLAN tag; absent if not set.</param>
/// <param name="Error">Why the last pass could not write the row; absent if it could.</param>
public sealed record PortNorthbound(bool Present, bool Up, int? Tag, string? Error);

/// <summary>State of a port on its host, as the agent has reported it.</summary>
/// <param name="Name">Name of the host; absent if the VM has none.</param>
/// <param name="Address">IPv4 address of the device; absent if it has none.</param>
/// <param name="Error">Why the agent could not apply the work; absent if it could.</param>
public sealed record PortHost(string? Name, string? Address, string? Error);

/// <summary>Effective values of a port, after defaults.</summary>
public abstract record PortEffective
{
    /// <summary>Name of the network.</summary>
    [JsonPropertyOrder(-3)]
    public required string Network { get; init; }

    /// <summary>MAC address.</summary>
    [JsonPropertyOrder(-2)]
    public required MacAddress Mac { get; init; }

    /// <summary>IPv4 address; absent if the network has no subnet.</summary>
    [JsonPropertyOrder(-1)]
    public Ipv4? Ip { get; init; }

    /// <summary>MTU in bytes.</summary>
    public required int Mtu { get; init; }

    /// <summary>Name of the logical switch port.</summary>
    public required string PortName { get; init; }

    /// <summary>Name of the device.</summary>
    public required string Interface { get; init; }

    /// <summary>Name of the network namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>How the device gets its address.</summary>
    public required Addressing Addressing { get; init; }

    /// <summary>What the agent creates for the device.</summary>
    public required Workload Workload { get; init; }

    /// <summary>False if the port drops all traffic.</summary>
    public required bool Enabled { get; init; }

    /// <summary>True if the port can send only from its own and its allowed addresses.</summary>
    public required bool PortSecurity { get; init; }

    /// <summary>More addresses that port security allows.</summary>
    public required IReadOnlyList<string> AllowedAddresses { get; init; }

    /// <summary>True if the port gets the frames for unknown MAC addresses.</summary>
    public required bool UnknownAddresses { get; init; }

    /// <summary>Host name that DHCP sends; absent if there is none.</summary>
    public string? Hostname { get; init; }
}
