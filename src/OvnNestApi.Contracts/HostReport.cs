namespace OvnNestApi.Contracts;

/// <summary>State of a host after a pass of its agent; body of <c>PUT /v1/hosts/{host}/report</c>.</summary>
/// <param name="Cursor">Cursor of the work that was applied.</param>
/// <param name="SystemId">
/// <c>external_ids:system-id</c> of the host's Open_vSwitch database, the chassis name in OVN; null if not set.
/// </param>
/// <param name="NbCfg">
/// Northbound <c>nb_cfg</c> whose flows the host has installed (<c>ovn-nb-cfg</c>, ovn-controller(8)); null if unknown.
/// </param>
/// <param name="Objects">State of every resource of the work, and of every removal that is blocked.</param>
/// <param name="Bridges">State of every bridge that has the owner mark of the service or the name of a VM bridge in the work.</param>
/// <param name="Removed">Ids in the <c>remove</c> list of the work of which the agent has found nothing left on the host.</param>
/// <param name="Unknown">
/// Resources that have items with the owner mark of the service on the host but are neither wanted nor listed for removal. The agent keeps
/// these items.
/// </param>
/// <param name="TunnelMtu">
/// Largest MTU in bytes of packets that OVN's tunnels carry from the host to another one; null if the agent cannot find it.
/// </param>
public sealed record HostReport(
    string Cursor,
    string? SystemId,
    long? NbCfg,
    IReadOnlyList<ObjectReport> Objects,
    IReadOnlyList<BridgeReport> Bridges,
    IReadOnlyList<Guid> Removed,
    IReadOnlyList<UnknownObject> Unknown,
    int? TunnelMtu = null
);

/// <summary>State of one resource on the host.</summary>
/// <param name="Id">Id of the VM or container.</param>
/// <param name="Digest">Digest of the work that is in place; null if it is not in place.</param>
/// <param name="Error">Reason why the work is not in place; null if there is no error.</param>
/// <param name="Address">IPv4 address of the device without prefix length; null if it has none.</param>
/// <param name="OvnInstalled">
/// For a VM: <c>ovn-installed</c> is set on its interface of the integration bridge. Always false for a container.
/// </param>
public sealed record ObjectReport(Guid Id, string? Digest, string? Error, string? Address, bool OvnInstalled);

/// <summary>State of a VM's bridge.</summary>
/// <param name="Vm">Id of the VM, from the bridge's owner mark, or from the work if the bridge has lost its mark.</param>
/// <param name="Bridge">Name of the bridge.</param>
/// <param name="Tags">VLAN tags of the bridge's access ports, 1-4094, in ascending order.</param>
/// <param name="Attached">True if an interface with the VM's <c>iface-id</c> is on the integration bridge.</param>
public sealed record BridgeReport(Guid Vm, string Bridge, IReadOnlyList<int> Tags, bool Attached);

/// <summary>Resource that has items with the owner mark of the service on the host but is neither wanted nor listed for removal.</summary>
/// <param name="Id">Id from the owner mark.</param>
/// <param name="What">Names of the items, such as "bridge br-vm9, port vm9".</param>
public sealed record UnknownObject(Guid Id, string What);
