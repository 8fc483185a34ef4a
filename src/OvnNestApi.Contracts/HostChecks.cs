namespace OvnNestApi.Contracts;

/// <summary>Checks that wait for a result of the host's agent; answer to <c>GET /v1/hosts/{host}/checks</c>.</summary>
/// <param name="Items">The checks, oldest first.</param>
public sealed record HostChecks(IReadOnlyList<HostCheck> Items);

/// <summary>A ping that the agent must send from the namespace of a VM or container.</summary>
/// <param name="Id">Id of the check.</param>
/// <param name="ObjectId">Id of the VM or container. The agent pings only from a namespace with its owner mark.</param>
/// <param name="Namespace">Name of the network namespace.</param>
/// <param name="Address">IPv4 address to ping.</param>
/// <param name="Count">Number of echo requests, 1–10.</param>
public sealed record HostCheck(Guid Id, Guid ObjectId, string Namespace, string Address, int Count);

/// <summary>Result of a check; body of <c>PUT /v1/hosts/{host}/checks/{id}</c>.</summary>
/// <param name="Sent">Number of echo requests that were sent.</param>
/// <param name="Received">Number of echo replies that arrived in time.</param>
/// <param name="RoundTripMs">Round-trip times; null if no reply arrived.</param>
/// <param name="Failure">Why the agent could not send the requests; null if it sent them.</param>
/// <param name="Message">The failure, or why there was no reply, as a sentence; null if there is nothing to say.</param>
public sealed record CheckResult(int Sent, int Received, RoundTrip? RoundTripMs, CheckFailure? Failure, string? Message);

/// <summary>Round-trip times in milliseconds.</summary>
/// <param name="Min">Shortest time.</param>
/// <param name="Avg">Mean of all replies.</param>
/// <param name="Max">Longest time.</param>
public sealed record RoundTrip(double Min, double Avg, double Max);

/// <summary>Why an agent could not send echo requests.</summary>
public enum CheckFailure
{
    /// <summary>The namespace does not exist, or does not belong to the VM or container.</summary>
    NoNamespace,

    /// <summary>The namespace has no route to the address, or no device that is up.</summary>
    NoRoute,

    /// <summary>Another error; the message has it.</summary>
    Error,
}
