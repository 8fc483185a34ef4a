using System.Diagnostics.CodeAnalysis;

namespace Ovsdb;

/// <summary>Limits how many requests wait for their answers at the same time. Further requests wait for a free place.</summary>
/// <param name="size">The maximum number of requests.</param>
/// <param name="closed">Cancelled when the link has ended.</param>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "A semaphore holds no resource unless its wait handle is used, and callers may still leave after the link has ended."
)]
internal sealed class RequestWindow(int size, CancellationToken closed)
{
    private readonly SemaphoreSlim _places = new(size);

    /// <summary>Takes a place, or waits until one is free.</summary>
    /// <exception cref="OperationCanceledException">The caller has cancelled, or the link has ended.</exception>
    public async ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_places.Wait(0, CancellationToken.None))
        {
            return;
        }

        using var linked = CancellationTokenSource.CreateLinkedTokenSource(closed, cancellationToken);
        await _places.WaitAsync(linked.Token);
    }

    /// <summary>Frees the place.</summary>
    public void Leave() => _places.Release();
}
