namespace OvnNestApi.Agent.Planning;

/// <summary>Something to do on the host besides its OVS database. A value: two plans can be compared, and printed.</summary>
/// <param name="ResourceId">For which object, so that a failure is told where it belongs.</param>
internal abstract record Step(Guid ResourceId);

/// <summary>Ends a DHCP client.</summary>
internal sealed record StopClient(Guid ResourceId, int Pid) : Step(ResourceId);

/// <summary>One line for <c>ip -batch</c> (ip(8)), made of checked words only.</summary>
/// <param name="Namespace">Where it runs; null: the host's own namespace.</param>
internal sealed record IpCommand(Guid ResourceId, string? Namespace, string Line) : Step(ResourceId);

/// <summary>Makes a namespace, after noting that it is ours, with an empty resolv.conf of its own.</summary>
internal sealed record AddNamespace(Guid ResourceId, string Namespace, OwnerMark Mark) : Step(ResourceId);

/// <summary>Removes what we have of a namespace: itself, its resolv.conf and, last, our note.</summary>
/// <param name="Exists">There is a namespace, and it is ours; otherwise only the note goes.</param>
internal sealed record RemoveNamespace(Guid ResourceId, string Namespace, bool Exists) : Step(ResourceId);

/// <summary>Writes <c>/etc/netns/NAME/resolv.conf</c>.</summary>
internal sealed record WriteResolvConf(Guid ResourceId, string Namespace, string Text) : Step(ResourceId);

/// <summary>Starts a DHCP client that outlives the agent.</summary>
/// <param name="Index">The device's index, noted with the client.</param>
internal sealed record StartClient(Guid ResourceId, string Namespace, string Device, int Index) : Step(ResourceId);
