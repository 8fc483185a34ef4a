using OvnNestApi.Contracts;

namespace OvnNestApi.Schema;

/// <summary>What a VM and a container share: one logical switch port and one device. All values are the effective ones.</summary>
public abstract class LogicalPort : Resource
{
    /// <summary>The network whose logical switch has the port.</summary>
    public required Guid NetworkId { get; set; }

    /// <summary>The MAC address.</summary>
    public required MacAddress Mac { get; set; }

    /// <summary>The IPv4 address; null when the network has no subnet.</summary>
    public Ipv4? Ip { get; set; }

    /// <summary>The logical switch port's name, unique in the NB.</summary>
    public required string PortName { get; set; }

    /// <summary>The UUID of the port's NB row, chosen before it is inserted.</summary>
    public Guid PortUuid { get; set; } = Guid.NewGuid();

    /// <summary>The device's name, at most 15 bytes.</summary>
    public required string Interface { get; set; }

    /// <summary>The network namespace's name.</summary>
    public required string Namespace { get; set; }

    /// <summary>How the device gets its address.</summary>
    public Addressing Addressing { get; set; }

    /// <summary>What the agent makes of the device.</summary>
    public Workload Workload { get; set; }

    /// <summary>False: the port drops all traffic and keeps its place.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>False: any source address may be used.</summary>
    public bool PortSecurity { get; set; } = true;

    /// <summary>The NB's <c>up</c>, debounced, as last observed.</summary>
    public bool Up { get; set; }
}
