using System.IO.Pipelines;

namespace Ovsdb;

/// <summary>Handles a message, on the read loop. An exception ends the loop.</summary>
internal delegate void MessageHandler(in Message message);

/// <summary>
/// The receiving half of a link: the read loop, which splits the stream into messages and executes the calls that they answer.
/// </summary>
internal sealed class Inbox(Stream stream, OvsdbConnectionOptions options)
{
    // Arrays of 85,000 bytes and more are not moved by the garbage collector. The first contents of a replica are a message of many
    // segments.
    private const int SegmentBytes = 256 * 1024;

    private Call? _answered; // the last answered call that is not executed yet; used only by the read loop
    private bool _hasReceived;

    /// <summary>Returns whether bytes were received since the last call of this method.</summary>
    public bool TakeHasReceived() => Interlocked.Exchange(ref _hasReceived, false);

    /// <summary>
    /// Executes a call as soon as the read loop waits for more bytes: the last of several calls on the loop's thread, the others on the
    /// pool.
    /// </summary>
    public void ExecuteNext(Call call)
    {
        TakeAnswered()?.QueueExecute();
        _answered = call;
    }

    /// <summary>Reads messages until the server closes the stream.</summary>
    public async Task ReadAsync(MessageHandler handle, CancellationToken cancellationToken)
    {
        var input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: SegmentBytes, minimumReadSize: 8 * 1024));
        try
        {
            var framer = new MessageFramer(options.MaxDepth, options.MaxMessageBytes);
            long pending = 0;
            while (true)
            {
                var read = await new Handover<ReadResult>(input.ReadAsync(cancellationToken), TakeAnswered());
                var buffer = read.Buffer;
                Volatile.Write(ref _hasReceived, true);
                Metrics.BytesReceived.Add(buffer.Length - pending);
                while (framer.TryCut(buffer, out var message))
                {
                    handle(message);
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
            TakeAnswered()?.QueueExecute();
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
