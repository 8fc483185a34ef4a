using System.Buffers;
using System.Text.Json;

namespace Ovsdb;

/// <summary>Reads the tokens of a message that has been received as a whole, so that a missing token is an error.</summary>
internal static class JsonTokens
{
    /// <summary>Returns a reader on the first token of the JSON.</summary>
    /// <exception cref="JsonException">There is no JSON: the message lacks the member.</exception>
    public static Utf8JsonReader Begin(in ReadOnlySequence<byte> json)
    {
        if (json.IsEmpty)
        {
            throw new JsonException("The message lacks a required member (RFC 7047 §4).");
        }

        var reader = new Utf8JsonReader(json);
        reader.ReadNext();
        return reader;
    }

    /// <summary>Advances to the next token.</summary>
    /// <exception cref="JsonException">There are no more tokens.</exception>
    public static void ReadNext(this ref Utf8JsonReader reader)
    {
        if (!reader.Read())
        {
            throw new JsonException("The message ends too early.");
        }
    }

    /// <summary>Advances to the next token, which must be of this type.</summary>
    /// <exception cref="JsonException">There are no more tokens, or the token is of another type.</exception>
    public static void ReadNext(this ref Utf8JsonReader reader, JsonTokenType expected)
    {
        reader.ReadNext();
        reader.Require(expected);
    }

    /// <summary>Checks the type of the current token.</summary>
    /// <exception cref="JsonException">The token is of another type.</exception>
    public static void Require(this ref Utf8JsonReader reader, JsonTokenType expected)
    {
        if (reader.TokenType != expected)
        {
            throw new JsonException($"{expected} was expected, not {reader.TokenType}.");
        }
    }
}
