namespace OvnNestApi.HostPlanning;

/// <summary>State of the machine at one moment. A plan is computed from the work and from this, and from nothing else.</summary>
/// <param name="Ovs">Content of the local Open_vSwitch database.</param>
/// <param name="Network">Devices of the root namespace and of the other namespaces.</param>
/// <param name="NamespaceRecords">Our records of the namespaces that the agent created; they may be lost.</param>
/// <param name="Clients">DHCP clients that the agent started and that still run.</param>
internal sealed record ObservedState(
    OvsState Ovs,
    NetworkState Network,
    IReadOnlyList<NamespaceRecord> NamespaceRecords,
    IReadOnlyList<DhcpClient> Clients
);

/// <summary>
/// Record on disk that the agent created a namespace and its configuration files. These files remain when the namespace has ended, for
/// example after a reboot. The record does not prove that a namespace which exists now is ours.
/// </summary>
/// <param name="Mark">Owner mark of the namespace.</param>
internal sealed record NamespaceRecord(string Namespace, OwnerMark Mark);
