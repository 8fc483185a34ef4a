namespace OvnNestApi.HostPlanning;

/// <summary>DHCP client process that the agent started.</summary>
/// <param name="Id">Id of the resource that the client serves.</param>
/// <param name="NetworkNamespace">Namespace in which the process runs, in the form of <see cref="NamespaceState.Identity"/>.</param>
/// <param name="Index">Interface index of the device that the client was started for.</param>
/// <param name="Age">Time since the process started.</param>
/// <param name="Lease">Current lease; null while the client has none.</param>
internal sealed record DhcpClient(Guid Id, int Pid, string NetworkNamespace, int Index, TimeSpan Age, DhcpLease? Lease);

/// <summary>What a DHCP client received.</summary>
/// <param name="Address">IPv4 address with prefix length.</param>
/// <param name="Router">Next hop of the default route; null if the lease has no router.</param>
/// <param name="Time">Lease time in seconds; null if unknown: an earlier version of the agent did not record it.</param>
/// <param name="DnsServers">IP addresses of the name servers; null if unknown.</param>
/// <param name="DomainName">Search domain; null if the lease has none, or if it is unknown.</param>
internal sealed record DhcpLease(string Address, string? Router, int? Time, IReadOnlyList<string>? DnsServers, string? DomainName);
