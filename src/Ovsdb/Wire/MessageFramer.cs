using System.Buffers;
using System.Text.Json;

namespace Ovsdb;

/// <summary>
/// Splits the stream into messages. OVSDB sends JSON objects one after another without their lengths, so only reading the tokens shows
/// where a message ends. Each byte is read once, also if a message arrives in several parts. The positions of the members are recorded on
/// the way.
/// </summary>
internal sealed class MessageFramer(int maxDepth, long maxBytes)
{
    private static readonly byte[][] MemberNames =
    [
        "id"u8.ToArray(),
        "method"u8.ToArray(),
        "params"u8.ToArray(),
        "result"u8.ToArray(),
        "error"u8.ToArray(),
    ];

    private readonly (long Start, long End)[] _members = new (long, long)[MemberNames.Length];
    private JsonReaderState _state = new(new JsonReaderOptions { MaxDepth = maxDepth });
    private long _scanned;
    private int _member = -1; // the index of the current member; -1 if it is unknown

    /// <summary>
    /// Returns the first message of the buffer. If it is not complete, returns false; the next call continues where this one stopped.
    /// </summary>
    /// <param name="buffer">
    /// All bytes from the start of the message. After false, the next call needs the same bytes, followed by more.
    /// </param>
    /// <param name="message">The message. It refers to the bytes of the buffer.</param>
    /// <exception cref="JsonException">The bytes are not a JSON object, are nested too deep, or are too long.</exception>
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
                throw new JsonException("A message must be a JSON object (RFC 7047 §4).");
            }
        }
        _scanned += reader.BytesConsumed;
        _state = reader.CurrentState;
        if (buffer.Length > maxBytes)
        {
            throw new JsonException($"The message is longer than the limit of {maxBytes} bytes.");
        }

        message = default;
        return false;
    }

    private void NoteMember(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.PropertyName)
        {
            _member = FindMember(ref reader);
            return;
        }
        if (_member < 0)
        {
            return;
        }
        // An object or array comes here twice, with its first and its last token. Any other value comes once.
        if (reader.TokenType is not (JsonTokenType.EndArray or JsonTokenType.EndObject))
        {
            _members[_member].Start = _scanned + reader.TokenStartIndex;
        }

        _members[_member].End = _scanned + reader.BytesConsumed;
    }

    /// <summary>Returns the index of the member that the reader's property name names; -1 if it is unknown.</summary>
    private static int FindMember(ref Utf8JsonReader reader)
    {
        for (var i = 0; i < MemberNames.Length; i++)
        {
            if (reader.ValueTextEquals(MemberNames[i]))
            {
                return i;
            }
        }

        return -1;
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
