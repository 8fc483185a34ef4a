using OvnNestApi.Http;
using OvnNestApi.Ports;
using OvnNestApi.Resources;

namespace OvnNestApi.Containers;

/// <summary>A container in a request.</summary>
public sealed record ContainerBody : ResourceBody<ContainerSpec>;

/// <summary>
/// Requested state of a container: a nested logical switch port, which its VLAN tag distinguishes from the other ports of the VM.
/// </summary>
public sealed record ContainerSpec : PortSpec
{
    /// <summary>Name of the network whose logical switch has the container's port. Default: the network of the VM.</summary>
    /// <example>dmz</example>
    [ValidName]
    public string? Network { get; init; }

    /// <summary>VLAN tag. Default: a free tag of the VM's ranges. A requested tag can be outside of the ranges.</summary>
    /// <example>51</example>
    [Between(1, 4094)]
    public int? Vlan { get; init; }

    /// <summary>Owner key of a reserved VLAN lease; its tag is bound to the container. Default: no reservation is used.</summary>
    [Pattern("^[ -~]{1,128}$", "1 to 128 printable ASCII characters are expected")]
    public string? Lease { get; init; }
}
