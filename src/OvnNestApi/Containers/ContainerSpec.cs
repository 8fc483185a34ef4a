using OvnNestApi.Http;
using OvnNestApi.Ports;
using OvnNestApi.Resources;

namespace OvnNestApi.Containers;

/// <summary>A container as a client may send it.</summary>
public sealed record ContainerBody : ResourceBody<ContainerSpec>;

/// <summary>What can be asked of a container: a nested logical port, told apart from the VM's others by its VLAN tag.</summary>
public sealed record ContainerSpec : PortSpec
{
    /// <summary>The network whose logical switch has the container's port; it need not be the VM's. Default: the VM's.</summary>
    /// <example>dmz</example>
    [ValidName]
    public string? Network { get; init; }

    /// <summary>The VLAN tag. Default: chosen from the VM's ranges.</summary>
    /// <example>51</example>
    [Between(1, 4094)]
    public int? Vlan { get; init; }

    /// <summary>The owner key of a reserved lease to take.</summary>
    [Pattern("^[ -~]{1,128}$", "1 to 128 printable ASCII characters are expected")]
    public string? Lease { get; init; }
}
