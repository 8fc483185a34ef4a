using System.Diagnostics.CodeAnalysis;

namespace Ovsdb;

/// <summary>Lets so many requests wait for their answers at once; more wait their turn.</summary>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "A semaphore whose wait handle nobody has asked for holds nothing, and callers may still be leaving."
)]
internal sealed class Window(int size, CancellationToken closed)
{
    private readonly SemaphoreSlim _places = new(size);

    /// <summary>Takes a place, at once if there is one.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, or closed.</exception>
    public async ValueTask EnterAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (_places.Wait(0, CancellationToken.None))
        {
            return;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(closed, ct);
        await _places.WaitAsync(either.Token);
    }

    /// <summary>Gives the place back.</summary>
    public void Leave() => _places.Release();
}
