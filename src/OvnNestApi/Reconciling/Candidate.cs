using OvnNestApi.Northbound;

namespace OvnNestApi.Reconciling;

/// <summary>
/// A process that waits to become the leader. While the leader has lost the NB, it connects to the NB itself, so that it takes over only if
/// it can do better.
/// </summary>
internal sealed class Candidate(Leadership leadership, Func<NorthboundDb> connect, ReconcilerOptions options, TimeProvider time)
    : IAsyncDisposable
{
    private NorthboundDb? _nb;
    private long? _syncedSince;

    /// <summary>Becomes the leader if that is possible and needed; see <see cref="Leadership.TakeOverAsync"/>.</summary>
    /// <returns>The term, and the connection to the NB, which the caller disposes; null if another process leads.</returns>
    public async Task<(Term Term, NorthboundDb Northbound)?> TakeOverAsync(CancellationToken cancellationToken)
    {
        if (await leadership.TakeOverAsync(IsBetter(), cancellationToken) is { } term)
        {
            return (term, Take());
        }

        if (!await leadership.HasLostNorthboundAsync(cancellationToken))
        {
            await DisposeAsync();
        }
        else
        {
            _nb ??= connect();
        }

        return null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_nb is { } nb)
        {
            (_nb, _syncedSince) = (null, null);
            await nb.DisposeAsync();
        }
    }

    /// <summary>
    /// True if this process has had a complete replica for two heartbeats: after an outage of the NB, the leader must have the time to show
    /// that it has reconnected as well.
    /// </summary>
    private bool IsBetter()
    {
        _syncedSince = _nb is { IsSynced: true } ? _syncedSince ?? time.GetTimestamp() : null;
        return _syncedSince is { } since && time.GetElapsedTime(since) >= 2 * options.Heartbeat;
    }

    private NorthboundDb Take()
    {
        var nb = _nb ?? connect();
        (_nb, _syncedSince) = (null, null);
        return nb;
    }
}
