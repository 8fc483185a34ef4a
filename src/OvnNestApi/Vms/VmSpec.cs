using OvnNestApi.Http;
using OvnNestApi.Ports;
using OvnNestApi.Resources;

namespace OvnNestApi.Vms;

/// <summary>A VM in a request.</summary>
public sealed record VmBody : ResourceBody<VmSpec>;

/// <summary>Requested state of a VM: the parent port, its bridge on the host, and the VLAN tags of its containers.</summary>
public sealed record VmSpec : PortSpec
{
    /// <summary>Name of the network whose logical switch has the VM's port.</summary>
    /// <example>dmz</example>
    [Needed, ValidName]
    public string? Network { get; init; }

    /// <summary>Name of the host that the VM is on. Default: no host; then no agent creates anything for the VM.</summary>
    /// <example>ubuntu2</example>
    [ValidName]
    public string? Host { get; init; }

    /// <summary>Name of the VM's bridge on the host. Default: <c>br-</c> and the name of the VM, or a name that is made from it.</summary>
    /// <example>br-vm5</example>
    [DeviceName]
    public string? Bridge { get; init; }

    /// <summary>VLAN tags that can be allocated to the containers of the VM. Default: <c>2-4094</c>.</summary>
    /// <example>100-199,300</example>
    [TagRanges]
    public string? VlanRanges { get; init; }

    /// <summary>How the VM's bridge is connected to OVN. Default: a patch pair to the integration bridge.</summary>
    public UplinkSpec? Uplink { get; init; }
}

/// <summary>Requested connection of a VM's bridge to OVN.</summary>
public sealed record UplinkSpec
{
    /// <summary>A patch pair (default), or an interface if the agent runs inside the VM.</summary>
    public UplinkKind? Kind { get; init; }

    /// <summary>
    /// Name of the interface that connects the bridge to the outside. Required with <c>kind: interface</c>, otherwise not allowed.
    /// </summary>
    /// <example>eth1</example>
    [DeviceName]
    public string? Interface { get; init; }
}

/// <summary>Kinds of uplink.</summary>
public enum UplinkKind
{
    /// <summary>A patch pair to the integration bridge.</summary>
    Patch,

    /// <summary>An interface of the machine that the agent runs on.</summary>
    Interface,
}
