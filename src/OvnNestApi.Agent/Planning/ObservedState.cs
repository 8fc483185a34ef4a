namespace OvnNestApi.Agent.Planning;

/// <summary>State of the machine at one moment. A plan is computed from the work and from this, and from nothing else.</summary>
/// <param name="Ovs">Content of the local Open_vSwitch database.</param>
/// <param name="Network">Devices of the root namespace and of the namespaces that the work or our records name.</param>
/// <param name="NamespaceRecords">Our records of the namespaces that the agent created.</param>
/// <param name="Clients">DHCP clients that the agent started and that still run.</param>
internal sealed record ObservedState(
    OvsState Ovs,
    NetworkState Network,
    IReadOnlyList<NamespaceRecord> NamespaceRecords,
    IReadOnlyList<DhcpClient> Clients
);

/// <summary>Record on disk that a namespace was created by the agent.</summary>
/// <param name="Mark">Owner mark of the namespace.</param>
/// <param name="IsFromThisBoot">
/// True if the record was written since the machine started. Namespaces do not survive a reboot, so an older record says nothing about a
/// namespace that exists now.
/// </param>
internal sealed record NamespaceRecord(string Namespace, OwnerMark Mark, bool IsFromThisBoot);
