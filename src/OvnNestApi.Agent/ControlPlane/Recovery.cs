namespace OvnNestApi.Agent.ControlPlane;

/// <summary>
/// Signal that the control plane answers again after a failure. It ends the pauses of other requests, which would only wait for that.
/// </summary>
internal sealed class Recovery : IDisposable
{
    private CancellationTokenSource _next = new();

    /// <summary>Canceled at the next recovery.</summary>
    public CancellationToken Next => Volatile.Read(ref _next).Token;

    public void Signal() => Interlocked.Exchange(ref _next, new CancellationTokenSource()).Cancel();

    public void Dispose() => _next.Dispose();
}
