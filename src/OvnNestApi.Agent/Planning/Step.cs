namespace OvnNestApi.Agent.Planning;

/// <summary>Something to do on the host besides its OVS database. A value: two plans can be compared, and printed.</summary>
/// <param name="Object">For which object, so that a failure is told where it belongs.</param>
internal abstract record Step(Guid Object);

/// <summary>Ends a DHCP client.</summary>
internal sealed record StopClient(Guid Object, int Pid) : Step(Object);

/// <summary>One line for <c>ip -batch</c> (ip(8)), made of checked words only.</summary>
/// <param name="Namespace">Where it runs; null: the host's own namespace.</param>
internal sealed record IpCommand(Guid Object, string? Namespace, string Line) : Step(Object);

/// <summary>Makes a namespace, after noting that it is ours, with an empty resolv.conf of its own.</summary>
internal sealed record AddNamespace(Guid Object, string Namespace, Mark Mark) : Step(Object);

/// <summary>Removes what we have of a namespace: itself, its resolv.conf and, last, our note.</summary>
/// <param name="Exists">There is a namespace, and it is ours; otherwise only the note goes.</param>
internal sealed record RemoveNamespace(Guid Object, string Namespace, bool Exists) : Step(Object);

/// <summary>Writes <c>/etc/netns/NAME/resolv.conf</c>.</summary>
internal sealed record WriteResolvConf(Guid Object, string Namespace, string Text) : Step(Object);

/// <summary>Starts a DHCP client that outlives the agent.</summary>
/// <param name="Index">The device's index, noted with the client.</param>
internal sealed record StartClient(Guid Object, string Namespace, string Device, int Index) : Step(Object);
