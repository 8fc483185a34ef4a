using System.Buffers;
using System.Text.Json;

namespace Ovsdb;

/// <summary>
/// Finds where one message ends. OVSDB puts JSON objects behind each other without a length, so the bytes must be read to see it;
/// each is read once, however the stream is cut, and where the members lie is remembered on the way.
/// </summary>
internal sealed class MessageFramer(int maxDepth, long maxBytes)
{
    private const int Members = 5;

    private readonly (long Start, long End)[] _members = new (long, long)[Members];
    private JsonReaderState _state = new(new JsonReaderOptions { MaxDepth = maxDepth });
    private long _scanned;
    private int _member = -1;

    /// <summary>Cuts the first message off, or remembers how far it has looked.</summary>
    /// <param name="buffer">All bytes from the beginning of the message: after a false, the same with more behind.</param>
    /// <param name="message">The message, whose bytes are the buffer's.</param>
    /// <exception cref="JsonException">It is no JSON object, nested too deep, or too long.</exception>
    public bool TryCut(in ReadOnlySequence<byte> buffer, out Message message)
    {
        var reader = new Utf8JsonReader(buffer.Slice(_scanned), isFinalBlock: false, _state);
        while (reader.Read())
        {
            if (reader.CurrentDepth > 1)
            {
                continue;
            }

            if (reader.CurrentDepth == 1)
            {
                NoteMember(ref reader);
            }
            else if (reader.TokenType == JsonTokenType.EndObject)
            {
                message = Cut(buffer, _scanned + reader.BytesConsumed);
                return true;
            }
            else if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw new JsonException("A message is a JSON object (RFC 7047 §4).");
            }
        }
        _scanned += reader.BytesConsumed;
        _state = reader.CurrentState;
        if (buffer.Length > maxBytes)
        {
            throw new JsonException($"The message is longer than {maxBytes} bytes.");
        }

        message = default;
        return false;
    }

    private void NoteMember(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.PropertyName)
        {
            _member =
                reader.ValueTextEquals("id"u8) ? 0
                : reader.ValueTextEquals("method"u8) ? 1
                : reader.ValueTextEquals("params"u8) ? 2
                : reader.ValueTextEquals("result"u8) ? 3
                : reader.ValueTextEquals("error"u8) ? 4
                : -1;
            return;
        }
        if (_member < 0)
        {
            return;
        }
        // A container passes here with its first and with its last token, any other value once.
        if (reader.TokenType is not (JsonTokenType.EndArray or JsonTokenType.EndObject))
        {
            _members[_member].Start = _scanned + reader.TokenStartIndex;
        }

        _members[_member].End = _scanned + reader.BytesConsumed;
    }

    private Message Cut(ReadOnlySequence<byte> buffer, long end)
    {
        var message = new Message
        {
            Id = Member(0),
            Method = Member(1),
            Params = Member(2),
            Result = Member(3),
            Error = Member(4),
            End = buffer.GetPosition(end),
        };
        Array.Clear(_members);
        _state = new JsonReaderState(_state.Options);
        (_scanned, _member) = (0, -1);
        return message;

        ReadOnlySequence<byte> Member(int i) => buffer.Slice(_members[i].Start, _members[i].End - _members[i].Start);
    }
}
