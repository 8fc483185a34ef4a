using OvnNestApi.Data;

namespace OvnNestApi.Reconciling;

/// <summary>The current <see cref="Term"/> of this process, shared by the heartbeat and the passes.</summary>
/// <param name="changed">Set when the term changes: another mode, another epoch, a released brake, or an instance to take.</param>
internal sealed class CurrentTerm(Leadership leadership, Term first, Signal changed) : IDisposable
{
    private readonly SemaphoreSlim _lock = new(1);
    private volatile Term _term = first;

    /// <summary>The term as last read from PostgreSQL.</summary>
    public Term Term => _term;

    /// <summary>True if another process has become the leader.</summary>
    public volatile bool IsOver;

    /// <summary>Why the NB cannot be claimed; null if it is claimed, or was not tried.</summary>
    public volatile string? Refusal;

    /// <summary>Error of the last pass; null if it did not fail.</summary>
    public volatile string? PassError;

    /// <inheritdoc cref="Leadership.RenewAsync"/>
    public Task RenewAsync(NorthboundContact contact, string? error, CancellationToken cancellationToken) =>
        ReplaceAsync(
            term =>
            {
                var reason = contact == NorthboundContact.Claimed ? null : Refusal ?? error;
                return leadership.RenewAsync(term, contact, reason, PassError, cancellationToken);
            },
            cancellationToken
        );

    /// <inheritdoc cref="Leadership.SkipToAsync"/>
    public Task SkipToAsync(long epoch, CancellationToken cancellationToken) =>
        ReplaceAsync(term => leadership.SkipToAsync(term, epoch, cancellationToken), cancellationToken);

    /// <inheritdoc cref="Leadership.EndTakingAsync"/>
    public Task EndTakingAsync(CancellationToken cancellationToken) =>
        ReplaceAsync(term => leadership.EndTakingAsync(term, cancellationToken), cancellationToken);

    public void Dispose() => _lock.Dispose();

    private async Task ReplaceAsync(Func<Term, Task<Term>> next, CancellationToken cancellationToken)
    {
        await _lock.WaitAsync(cancellationToken);
        try
        {
            var before = _term;
            _term = await next(before);
            if (_term != before)
            {
                changed.Set();
            }
        }
        finally
        {
            _lock.Release();
        }
    }
}
