using System.IO.Pipelines;
using System.Text.Json;

namespace Ovsdb.Wire;

/// <summary>
/// The way out of a connection. Requests are encoded straight into a pipe, whose other end a loop of its own empties into the stream: whoever sends
/// never waits for the server to read, least of all the read loop. How much can pile up is bounded by the number of requests that may be outstanding.
/// Not for several threads at once: the connection sends under its lock.
/// </summary>
internal sealed class Outbox : IDisposable
{
    private static readonly JsonEncodedText Method = JsonEncodedText.Encode("method");
    private static readonly JsonEncodedText Params = JsonEncodedText.Encode("params");
    private static readonly JsonEncodedText Id = JsonEncodedText.Encode("id");

    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: 0, minimumSegmentSize: 32 * 1024, useSynchronizationContext: false));
    private readonly Utf8JsonWriter _json;

    public Outbox() => _json = new Utf8JsonWriter(_pipe.Writer, OpWriter.Options);

    /// <summary>Empties the pipe into the stream until the pipe is completed or the stream fails.</summary>
    public async Task RunAsync(Stream stream, CancellationToken ct)
    {
        try
        {
            while (true)
            {
                var read = await _pipe.Reader.ReadAsync(ct);
                foreach (var segment in read.Buffer)
                    await stream.WriteAsync(segment, ct);
                Metrics.BytesSent.Add(read.Buffer.Length);
                _pipe.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    return;
            }
        }
        finally
        {
            await _pipe.Reader.CompleteAsync();
        }
    }

    /// <summary>Writes a request, or with no id a notification.</summary>
    /// <param name="id">The request's id.</param>
    /// <param name="method">Its method.</param>
    /// <param name="writeParams">Writes the elements of <c>params</c>.</param>
    public void Request(long? id, string method, Action<Utf8JsonWriter>? writeParams)
    {
        _json.WriteStartObject();
        _json.WriteString(Method, method);
        _json.WriteStartArray(Params);
        writeParams?.Invoke(_json);
        _json.WriteEndArray();
        if (id is { } number)
            _json.WriteNumber(Id, number);
        else
            _json.WriteNull(Id);
        Finish();
    }

    /// <summary>Writes the answer to a request of the server.</summary>
    /// <param name="id">Its id, JSON.</param>
    /// <param name="result">The result, JSON; null refuses the request.</param>
    public void Answer(ReadOnlySpan<byte> id, byte[]? result)
    {
        _json.WriteStartObject();
        if (result is null)
        {
            _json.WriteNull("result"u8);
            _json.WriteString("error"u8, OvsdbError.UnknownMethod);
        }
        else
        {
            _json.WritePropertyName("result"u8);
            _json.WriteRawValue(result, skipInputValidation: true);
            _json.WriteNull("error"u8);
        }
        _json.WritePropertyName(Id);
        _json.WriteRawValue(id, skipInputValidation: true);
        Finish();
    }

    /// <summary>Nothing more will be written.</summary>
    public void Complete() => _pipe.Writer.Complete();

    public void Dispose() => _json.Dispose();

    private void Finish()
    {
        _json.WriteEndObject();
        _json.Flush();
        _json.Reset();
        // Without a threshold to pause at, a flush never waits.
        _ = _pipe.Writer.FlushAsync().AsTask();
    }
}
