using OvnNestApi.Contracts;

namespace OvnNestApi.Schema;

/// <summary>
/// Common part of VMs and containers: a logical switch port and a device. All values are effective values, after defaults.
/// </summary>
public abstract class LogicalPort : Resource
{
    /// <summary>Id of the network whose logical switch has the port.</summary>
    public required Guid NetworkId { get; set; }

    /// <summary>MAC address of the port.</summary>
    public required MacAddress Mac { get; set; }

    /// <summary>IPv4 address; null if the network has no subnet.</summary>
    public Ipv4? Ip { get; set; }

    /// <summary>Name of the logical switch port, unique in the NB.</summary>
    public required string PortName { get; set; }

    /// <summary>UUID of the port's NB row, chosen before the row is inserted.</summary>
    public Guid PortUuid { get; set; } = Guid.NewGuid();

    /// <summary>Name of the device, at most 15 bytes.</summary>
    public required string Interface { get; set; }

    /// <summary>Name of the network namespace.</summary>
    public required string Namespace { get; set; }

    /// <summary>How the device gets its address.</summary>
    public Addressing Addressing { get; set; }

    /// <summary>What the agent creates for the port.</summary>
    public Workload Workload { get; set; }

    /// <summary>False if the port must drop all traffic; it keeps its addresses and tag.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>False if the port can send from any source address.</summary>
    public bool PortSecurity { get; set; } = true;

    /// <summary>More addresses that port security allows, in canonical form; see <see cref="AllowedAddress"/>.</summary>
    public string[] AllowedAddresses { get; set; } = [];

    /// <summary>True if the port gets the frames for unknown MAC addresses.</summary>
    public bool UnknownAddresses { get; set; }

    /// <summary>Host name that DHCP sends; null if none.</summary>
    public string? Hostname { get; set; }

    /// <summary>
    /// True for a port that was made by hand and was adopted, until the host confirms it: so long the agent takes over the bridge, port,
    /// device and namespace of these names that another program has created.
    /// </summary>
    public bool Adopting { get; set; }

    /// <summary>Column <c>up</c> of the NB row as last observed, debounced.</summary>
    public bool Up { get; set; }
}
