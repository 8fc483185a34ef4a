namespace OvnNestApi.Agent.ControlPlane;

/// <summary>
/// Session of this start of the agent. The control plane gives work only to the agent of a host that was started last, and only on the
/// machine that the host is bound to. Without a session, the agent changes nothing.
/// </summary>
internal sealed class AgentSession
{
    private volatile Opened? _opened;
    private volatile bool _isSuperseded;

    /// <summary>Random id of this start.</summary>
    public Guid Id { get; } = Guid.NewGuid();

    /// <summary>Value that the requests of the session carry; null before it was opened.</summary>
    public string? Token => _opened?.Token;

    /// <summary>Records that the session was opened.</summary>
    public void Open(string token, string systemId) => _opened = new Opened(token, systemId);

    /// <summary>Returns true if the session was opened for this <c>system-id</c>.</summary>
    public bool IsOpenFor(string systemId) => _opened?.SystemId == systemId;

    /// <summary>
    /// Returns true if the agent may change the host. An Open_vSwitch database with another <c>system-id</c> than at the start is another
    /// host for OVN.
    /// </summary>
    /// <param name="systemId">Present <c>system-id</c>; null if it is not set or cannot be read.</param>
    public bool Permits(string? systemId) => !_isSuperseded && _opened is { } opened && (systemId is null || systemId == opened.SystemId);

    /// <summary>Records that a later start has taken over the host.</summary>
    public void Supersede() => _isSuperseded = true;

    private sealed record Opened(string Token, string SystemId);
}
