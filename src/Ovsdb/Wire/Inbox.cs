using System.IO.Pipelines;

namespace Ovsdb;

/// <summary>Takes a message, on the read loop; what it throws ends the loop.</summary>
internal delegate void MessageReader(in Message message);

/// <summary>The way into a connection: the read loop, which cuts messages from the stream and tells whose calls they have answered.</summary>
internal sealed class Inbox(Stream stream, OvsdbConnectionOptions options)
{
    // The garbage collector moves objects below 85,000 bytes about, and a first copy is a message of many segments.
    private const int SegmentBytes = 256 * 1024;

    private Call? _answered; // the read loop's: the last one that is to be told
    private bool _heard;

    /// <summary>Whether anything has come since this was last asked.</summary>
    public bool TakeHeard() => Interlocked.Exchange(ref _heard, false);

    /// <summary>Has a call executed: the last one of several on the read loop's own thread, as soon as that has nothing more to read.</summary>
    public void Tell(Call call)
    {
        TakeAnswered()?.ExecuteSoon();
        _answered = call;
    }

    /// <summary>Reads until the server closes the stream.</summary>
    public async Task ReadAsync(MessageReader take, CancellationToken ct)
    {
        var input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: SegmentBytes, minimumReadSize: 8 * 1024));
        try
        {
            var framer = new MessageFramer(options.MaxDepth, options.MaxMessageBytes);
            long pending = 0;
            while (true)
            {
                var read = await new Handover<ReadResult>(input.ReadAsync(ct), TakeAnswered());
                var buffer = read.Buffer;
                Volatile.Write(ref _heard, true);
                Metrics.BytesReceived.Add(buffer.Length - pending);
                while (framer.TryCut(buffer, out var message))
                {
                    take(message);
                    buffer = buffer.Slice(message.End);
                }
                pending = buffer.Length;
                input.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted)
                {
                    return;
                }
            }
        }
        finally
        {
            TakeAnswered()?.ExecuteSoon();
            await input.CompleteAsync();
        }
    }

    private Call? TakeAnswered()
    {
        var call = _answered;
        _answered = null;
        return call;
    }
}
