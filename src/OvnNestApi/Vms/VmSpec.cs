using OvnNestApi.Http;
using OvnNestApi.Ports;
using OvnNestApi.Resources;

namespace OvnNestApi.Vms;

/// <summary>A VM as a client may send it.</summary>
public sealed record VmBody : ResourceBody<VmSpec>;

/// <summary>What can be asked of a VM: the parent port, its bridge on the host, and the scope of its containers' tags.</summary>
public sealed record VmSpec : PortSpec
{
    /// <summary>The network whose logical switch has the VM's port.</summary>
    /// <example>dmz</example>
    [Needed, ValidName]
    public string? Network { get; init; }

    /// <summary>The host that the VM is on. Without it nothing is made on any host.</summary>
    /// <example>ubuntu2</example>
    [ValidName]
    public string? Host { get; init; }

    /// <summary>The VM's own bridge on the host. Default: br-&lt;vm&gt;, or one made from it.</summary>
    /// <example>br-vm5</example>
    [DeviceName]
    public string? Bridge { get; init; }

    /// <summary>The VLAN tags that may be chosen for its containers. Default: 2-4094.</summary>
    /// <example>100-199,300</example>
    [TagRanges]
    public string? VlanRanges { get; init; }

    /// <summary>How the VM's bridge is linked to OVN. Default: a patch pair to the integration bridge.</summary>
    public UplinkSpec? Uplink { get; init; }
}

/// <summary>How a VM's bridge is linked to OVN.</summary>
public sealed record UplinkSpec
{
    /// <summary>A patch pair (default), or an interface, for an agent that runs inside the VM.</summary>
    public UplinkKind? Kind { get; init; }

    /// <summary>The interface that leads out. Needed for, and only for, <c>kind: interface</c>.</summary>
    /// <example>eth1</example>
    [DeviceName]
    public string? Interface { get; init; }
}

/// <summary>The kinds of uplink.</summary>
public enum UplinkKind
{
    /// <summary>A patch pair to the integration bridge.</summary>
    Patch,

    /// <summary>An interface of the machine.</summary>
    Interface,
}
