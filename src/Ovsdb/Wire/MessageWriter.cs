using System.Text.Json;

namespace Ovsdb;

/// <summary>Encodes JSON-RPC messages, one at a time (RFC 7047 §4).</summary>
internal sealed class MessageWriter : IDisposable
{
    private static readonly JsonEncodedText Method = JsonEncodedText.Encode("method");
    private static readonly JsonEncodedText Params = JsonEncodedText.Encode("params");
    private static readonly JsonEncodedText Id = JsonEncodedText.Encode("id");

    private readonly OutputBuffer _buffer = new();
    private readonly Utf8JsonWriter _json;

    public MessageWriter() => _json = new Utf8JsonWriter(_buffer, ValueWriter.Options);

    /// <summary>Encodes a request or a notification. The bytes are valid until the next message is encoded.</summary>
    /// <param name="id">The id of the request; null for a notification.</param>
    /// <param name="method">The method.</param>
    /// <param name="writeParams">Writes the elements of <c>params</c>.</param>
    public ReadOnlySpan<byte> Request(long? id, string method, Action<Utf8JsonWriter>? writeParams)
    {
        Begin();
        _json.WriteString(Method, method);
        _json.WriteStartArray(Params);
        writeParams?.Invoke(_json);
        _json.WriteEndArray();
        if (id is { } number)
        {
            _json.WriteNumber(Id, number);
        }
        else
        {
            _json.WriteNull(Id);
        }

        return End();
    }

    /// <summary>Encodes the answer to a request of the server. The bytes are valid until the next message is encoded.</summary>
    /// <param name="id">The id of the request, as JSON.</param>
    /// <param name="result">The result, as JSON; null to answer that the method is unknown.</param>
    public ReadOnlySpan<byte> Answer(ReadOnlySpan<byte> id, byte[]? result)
    {
        Begin();
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
        return End();
    }

    public void Dispose() => _json.Dispose();

    private void Begin()
    {
        _json.Reset();
        _buffer.Clear();
        _json.WriteStartObject();
    }

    private ReadOnlySpan<byte> End()
    {
        _json.WriteEndObject();
        _json.Flush();
        return _buffer.Written.Span;
    }
}
