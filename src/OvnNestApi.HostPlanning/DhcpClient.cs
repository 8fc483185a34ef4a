namespace OvnNestApi.HostPlanning;

/// <summary>DHCP client process that the agent started.</summary>
/// <param name="Id">Id of the resource that the client serves.</param>
/// <param name="NetworkNamespace">Namespace in which the process runs, in the form of <see cref="NamespaceState.Identity"/>.</param>
/// <param name="Index">Interface index of the device that the client was started for.</param>
/// <param name="Age">Time since the process started.</param>
/// <param name="Lease">Current lease; null while the client has none.</param>
internal sealed record DhcpClient(Guid Id, int Pid, string NetworkNamespace, int Index, TimeSpan Age, DhcpLease? Lease);

/// <summary>Address and route that a DHCP client received.</summary>
/// <param name="Address">IPv4 address with prefix length.</param>
/// <param name="Router">Next hop of the default route; null if the lease has no router.</param>
internal sealed record DhcpLease(string Address, string? Router);
