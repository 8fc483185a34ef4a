namespace OvnNestApi.HostPlanning;

/// <summary>Action outside the Open_vSwitch database. Steps are values, so that plans can be compared and logged.</summary>
/// <param name="ResourceId">Resource that the step serves; a failure is reported for it.</param>
internal abstract record Step(Guid ResourceId);

/// <summary>Stops a DHCP client.</summary>
internal sealed record StopClient(Guid ResourceId, int Pid) : Step(ResourceId);

/// <summary>Makes a DHCP client renew its lease. The device keeps its address meanwhile.</summary>
internal sealed record RenewLease(Guid ResourceId, int Pid) : Step(ResourceId);

/// <summary>One line of input for <c>ip -batch</c> (ip(8)). It contains validated words only.</summary>
/// <param name="Namespace">Network namespace in which the command runs; null for the root namespace.</param>
internal sealed record IpCommand(Guid ResourceId, string? Namespace, string Line) : Step(ResourceId);

/// <summary>Writes a record of a namespace, then creates the namespace with an owner mark and an empty resolv.conf of its own.</summary>
internal sealed record AddNamespace(Guid ResourceId, string Namespace, OwnerMark Mark) : Step(ResourceId);

/// <summary>Writes the record of a namespace that exists and is ours.</summary>
internal sealed record RecordNamespace(Guid ResourceId, string Namespace, OwnerMark Mark) : Step(ResourceId);

/// <summary>Deletes a namespace, its resolv.conf and, last, our record of it.</summary>
/// <param name="Exists">True if the namespace exists and is ours; otherwise only the record and the resolv.conf are deleted.</param>
internal sealed record RemoveNamespace(Guid ResourceId, string Namespace, bool Exists) : Step(ResourceId);

/// <summary>Writes <c>/etc/netns/NAME/resolv.conf</c>.</summary>
internal sealed record WriteResolvConf(Guid ResourceId, string Namespace, string Text) : Step(ResourceId);

/// <summary>Starts a DHCP client that keeps running after the agent ends.</summary>
/// <param name="Index">Interface index of the device, stored with the client.</param>
/// <param name="TakesOverIn">
/// Identity of the namespace if the client takes over the address that the device has: other DHCP clients in the namespace are killed. Null
/// to begin without an address.
/// </param>
internal sealed record StartClient(Guid ResourceId, string Namespace, string Device, int Index, string? TakesOverIn = null)
    : Step(ResourceId);
