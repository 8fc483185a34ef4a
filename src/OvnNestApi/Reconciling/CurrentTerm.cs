using OvnNestApi.Data;

namespace OvnNestApi.Reconciling;

/// <summary>The present <see cref="Term"/>, shared by the heartbeat and the work.</summary>
/// <param name="changed">Set when the mode has changed, or a brake was released.</param>
internal sealed class CurrentTerm(Leadership leadership, Term first, Signal changed) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private volatile Term _term = first;

    /// <summary>What was last heard of it.</summary>
    public Term Term => _term;

    /// <summary>Another process leads.</summary>
    public volatile bool IsOver;

    /// <summary>Why the NB does not let us write; null: it does.</summary>
    public volatile string? Refusal;

    /// <inheritdoc cref="Leadership.RenewAsync"/>
    public Task RenewAsync(bool isSeen, string? error, CancellationToken cancellationToken) =>
        ReplaceAsync(term => leadership.RenewAsync(term, isSeen, isSeen ? null : Refusal ?? error, cancellationToken), cancellationToken);

    /// <inheritdoc cref="Leadership.SkipAsync"/>
    public Task SkipAsync(long seen, CancellationToken cancellationToken) =>
        ReplaceAsync(term => leadership.SkipAsync(term, seen, cancellationToken), cancellationToken);

    public void Dispose() => _one.Dispose();

    private async Task ReplaceAsync(Func<Term, Task<Term>> next, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
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
            _one.Release();
        }
    }
}
