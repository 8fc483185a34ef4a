using System.Buffers;

namespace Ovsdb;

/// <summary>
/// The sending half of a link. A caller that adds a message while nothing is being sent sends it on its own thread, which saves a thread
/// switch. Messages that are added meanwhile are sent together in one write, by a thread of the pool. Neither callers nor the read loop
/// wait until the server reads. The limit of outstanding requests also limits the size of the buffers.
/// </summary>
internal sealed class Outbox(Stream stream)
{
    private readonly Lock _gate = new(); // guards the fields below
    private OutputBuffer _filling = new();
    private OutputBuffer _sending = new();
    private bool _isSending;

    /// <summary>Adds a message. If this returns true, the caller must call <see cref="SendAsync"/>.</summary>
    public bool Add(ReadOnlySpan<byte> message)
    {
        lock (_gate)
        {
            _filling.Write(message);
            return !_isSending && (_isSending = true);
        }
    }

    /// <summary>Sends until there are no more messages. After an exception of the stream, nothing more is sent.</summary>
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        for (var isFirst = true; TryTake(out var bytes); isFirst = false)
        {
            if (!isFirst)
            {
                // The messages of other callers must not delay this caller.
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            }

            await stream.WriteAsync(bytes, cancellationToken);
            Metrics.BytesSent.Add(bytes.Length);
        }
    }

    private bool TryTake(out ReadOnlyMemory<byte> bytes)
    {
        lock (_gate)
        {
            _sending.Clear();
            (_filling, _sending) = (_sending, _filling);
            bytes = _sending.Written;
            return _isSending = !bytes.IsEmpty;
        }
    }
}
