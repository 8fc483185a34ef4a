using System.Text;
using System.Text.Json;

namespace Ovsdb;

/// <summary>Reads values (RFC 7047 §5.1) from a reader that stands on their first token and leaves it on their last.</summary>
internal static class ValueReader
{
    /// <summary>Reads one value.</summary>
    /// <param name="reader">On the first token of the value.</param>
    /// <param name="type">The column's type; null where no schema is known: then an integer token of a real column is an integer.</param>
    /// <param name="pool">Strings seen before, and room to read into.</param>
    public static OvsdbValue Read(ref Utf8JsonReader reader, ColumnType? type, ReadingPool pool)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return type is { IsMap: true }
                ? throw new JsonException($"{reader.TokenType} is no map.")
                : ReadAtom(ref reader, type?.Key, pool);
        }

        Next(ref reader);
        OvsdbValue value;
        if (reader.ValueTextEquals("map"u8))
        {
            value = type is { IsMap: false } ? throw new JsonException("A map in a column that is none.") : ReadMap(ref reader, type, pool);
        }
        else if (type is { IsMap: true })
        {
            throw new JsonException("No map in a column that is one.");
        }
        else if (reader.ValueTextEquals("set"u8))
        {
            value = ReadSet(ref reader, type?.Key, pool);
        }
        else
        {
            value = ReadUuid(ref reader, type?.Key);
        }

        Expect(ref reader, JsonTokenType.EndArray);
        return value;
    }

    /// <summary>Reads a value from text of its own.</summary>
    public static OvsdbValue Parse(string json, ColumnType? type = null)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        Next(ref reader);
        return Read(ref reader, type, new ReadingPool());
    }

    /// <summary>Moves on, in a message that is complete.</summary>
    public static void Next(ref Utf8JsonReader reader)
    {
        if (!reader.Read())
        {
            throw new JsonException("The message ends too early.");
        }
    }

    /// <summary>Moves on to a token of this kind.</summary>
    public static void Expect(ref Utf8JsonReader reader, JsonTokenType token)
    {
        Next(ref reader);
        Require(ref reader, token);
    }

    /// <summary>Stands on a token of this kind.</summary>
    public static void Require(ref Utf8JsonReader reader, JsonTokenType token)
    {
        if (reader.TokenType != token)
        {
            throw new JsonException($"{token} was expected, not {reader.TokenType}.");
        }
    }

    private static OvsdbValue ReadSet(ref Utf8JsonReader reader, BaseType? type, ReadingPool pool)
    {
        Expect(ref reader, JsonTokenType.StartArray);
        Next(ref reader);
        if (reader.TokenType == JsonTokenType.EndArray)
        {
            return OvsdbValue.Empty;
        }

        var atoms = pool.Atoms;
        atoms.Clear();
        for (; reader.TokenType != JsonTokenType.EndArray; Next(ref reader))
        {
            atoms.Add(ReadElement(ref reader, type, pool));
        }

        return OvsdbValue.FromSet([.. atoms]);
    }

    private static OvsdbValue ReadMap(ref Utf8JsonReader reader, ColumnType? type, ReadingPool pool)
    {
        Expect(ref reader, JsonTokenType.StartArray);
        Next(ref reader);
        if (reader.TokenType == JsonTokenType.EndArray)
        {
            return OvsdbValue.EmptyMap;
        }

        var pairs = pool.Pairs;
        pairs.Clear();
        for (; reader.TokenType != JsonTokenType.EndArray; Next(ref reader))
        {
            Require(ref reader, JsonTokenType.StartArray);
            Next(ref reader);
            var key = ReadElement(ref reader, type?.Key, pool);
            Next(ref reader);
            pairs.Add(KeyValuePair.Create(key, ReadElement(ref reader, type?.Value, pool)));
            Expect(ref reader, JsonTokenType.EndArray);
        }
        return OvsdbValue.FromMap([.. pairs]);
    }

    private static OvsdbValue ReadElement(ref Utf8JsonReader reader, BaseType? type, ReadingPool pool)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return ReadAtom(ref reader, type, pool);
        }

        Next(ref reader);
        var uuid = ReadUuid(ref reader, type);
        Expect(ref reader, JsonTokenType.EndArray);
        return uuid;
    }

    private static OvsdbValue ReadUuid(ref Utf8JsonReader reader, BaseType? type)
    {
        var named = reader.ValueTextEquals("named-uuid"u8);
        if (!named && !reader.ValueTextEquals("uuid"u8))
        {
            throw new JsonException("An array that is neither a uuid nor a set or map.");
        }

        if (type is not null && (named || type.Type != OvsdbKind.Uuid))
        {
            throw new JsonException($"A {(named ? "named uuid" : "uuid")} where the schema has {type.Type}.");
        }

        Expect(ref reader, JsonTokenType.String);
        return named ? OvsdbValue.NamedUuid(reader.GetString() ?? "") : reader.GetGuid();
    }

    private static OvsdbValue ReadAtom(ref Utf8JsonReader reader, BaseType? type, ReadingPool pool)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String when type is null or { Type: OvsdbKind.String }:
                return OvsdbValue.Trusted(pool.Read(ref reader));
            case JsonTokenType.True or JsonTokenType.False when type is null or { Type: OvsdbKind.Boolean }:
                return reader.TokenType == JsonTokenType.True;
            case JsonTokenType.Number when (type is null or { Type: OvsdbKind.Integer }) && reader.TryGetInt64(out var integer):
                return integer;
            case JsonTokenType.Number when type is null or { Type: OvsdbKind.Real }:
                return OvsdbValue.Trusted(reader.GetDouble());
            default:
                throw new JsonException(
                    type is null ? $"{reader.TokenType} is no atom." : $"{reader.TokenType} where the schema has {type.Type}."
                );
        }
    }
}
