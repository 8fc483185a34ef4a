using System.Buffers;

namespace Ovsdb;

/// <summary>
/// The way out of a connection. Who puts a message in while nobody sends, sends it himself, which saves the jump to another thread; what comes meanwhile
/// goes out together in one write of the stream, from a thread of the pool. Nobody waits for the server to read, least of all the read loop.
/// How much can pile up is bounded by the number of requests that may be outstanding.
/// </summary>
internal sealed class Outbox(Stream stream)
{
    private readonly Lock _gate = new(); // guards what follows
    private OutBuffer _filling = new();
    private OutBuffer _leaving = new();
    private bool _isSending;

    /// <summary>Puts a message in. After a true the caller must see to it that <see cref="SendAsync"/> is called.</summary>
    public bool Add(ReadOnlySpan<byte> message)
    {
        lock (_gate)
        {
            _filling.Write(message);
            return !_isSending && (_isSending = true);
        }
    }

    /// <summary>Sends until nothing is left. What the stream throws ends it for good.</summary>
    public async Task SendAsync(CancellationToken ct)
    {
        for (var first = true; TryTakeOut(out var bytes); first = false)
        {
            if (!first)
            {
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // others' messages are not this caller's to wait for
            }

            await stream.WriteAsync(bytes, ct);
            Metrics.BytesSent.Add(bytes.Length);
        }
    }

    private bool TryTakeOut(out ReadOnlyMemory<byte> bytes)
    {
        lock (_gate)
        {
            _leaving.Clear();
            (_filling, _leaving) = (_leaving, _filling);
            bytes = _leaving.Written;
            return _isSending = !bytes.IsEmpty;
        }
    }
}
