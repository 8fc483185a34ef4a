using OvnNestApi.Http;

namespace OvnNestApi.Checks;

/// <summary>Request for a check.</summary>
public sealed record CheckBody
{
    /// <summary>What to check: ping sends ICMP echo requests.</summary>
    [Needed]
    public CheckKind? Kind { get; init; }

    /// <summary>
    /// Where to: <c>gateway</c>, the gateway of the network; an IPv4 address; the name of a container of the same VM; the name of a VM; or
    /// <c>vm/container</c>. A name without a slash is the container of the same VM if there is one, else the VM. The address is resolved
    /// once, when the check is created.
    /// </summary>
    /// <example>gateway</example>
    [Needed, Pattern("^[a-z0-9.-]{1,63}(/[a-z0-9-]{1,63})?$", CheckTarget.Rule)]
    public string? Target { get; init; }

    /// <summary>Number of echo requests, 200 ms apart. Default: 3.</summary>
    /// <example>3</example>
    [Between(1, 10)]
    public int? Count { get; init; }
}

/// <summary>Kinds of checks.</summary>
public enum CheckKind
{
    /// <summary>ICMP echo requests to an IPv4 address.</summary>
    Ping,
}
