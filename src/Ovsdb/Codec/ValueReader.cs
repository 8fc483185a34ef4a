using System.Text;
using System.Text.Json;

namespace Ovsdb;

/// <summary>
/// Reads values (RFC 7047 §5.1 <c>&lt;value&gt;</c>). The reader must be on the first token of the value and is left on the last.
/// </summary>
internal static class ValueReader
{
    /// <summary>Reads one value.</summary>
    /// <param name="reader">The reader, on the first token of the value.</param>
    /// <param name="type">
    /// The type of the column; null if the schema is not known. Without a type, an integer in a real column is read as an integer.
    /// </param>
    /// <param name="pool">Strings that were read before, and buffers to read into.</param>
    public static OvsdbValue Read(ref Utf8JsonReader reader, ColumnType? type, ReadingPool pool)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return type is { IsMap: true }
                ? throw new JsonException($"A map was expected, not {reader.TokenType}.")
                : ReadAtom(ref reader, type?.Key, pool);
        }

        reader.ReadNext();
        OvsdbValue value;
        if (reader.ValueTextEquals("map"u8))
        {
            value = type is { IsMap: false }
                ? throw new JsonException("The column is not a map, but the value is.")
                : ReadMap(ref reader, type, pool);
        }
        else if (type is { IsMap: true })
        {
            throw new JsonException("The column is a map, but the value is not.");
        }
        else if (reader.ValueTextEquals("set"u8))
        {
            value = ReadSet(ref reader, type?.Key, pool);
        }
        else
        {
            value = ReadUuid(ref reader, type?.Key);
        }

        reader.ReadNext(JsonTokenType.EndArray);
        return value;
    }

    /// <summary>Reads a value from a JSON text.</summary>
    public static OvsdbValue Parse(string json, ColumnType? type = null)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        reader.ReadNext();
        return Read(ref reader, type, new ReadingPool());
    }

    private static OvsdbValue ReadSet(ref Utf8JsonReader reader, BaseType? type, ReadingPool pool)
    {
        reader.ReadNext(JsonTokenType.StartArray);
        reader.ReadNext();
        if (reader.TokenType == JsonTokenType.EndArray)
        {
            return OvsdbValue.Empty;
        }

        var atoms = pool.Atoms;
        atoms.Clear();
        for (; reader.TokenType != JsonTokenType.EndArray; reader.ReadNext())
        {
            atoms.Add(ReadElement(ref reader, type, pool));
        }

        return OvsdbValue.FromSet([.. atoms]);
    }

    private static OvsdbValue ReadMap(ref Utf8JsonReader reader, ColumnType? type, ReadingPool pool)
    {
        reader.ReadNext(JsonTokenType.StartArray);
        reader.ReadNext();
        if (reader.TokenType == JsonTokenType.EndArray)
        {
            return OvsdbValue.EmptyMap;
        }

        var pairs = pool.Pairs;
        pairs.Clear();
        for (; reader.TokenType != JsonTokenType.EndArray; reader.ReadNext())
        {
            reader.Require(JsonTokenType.StartArray);
            reader.ReadNext();
            var key = ReadElement(ref reader, type?.Key, pool);
            reader.ReadNext();
            pairs.Add(KeyValuePair.Create(key, ReadElement(ref reader, type?.Value, pool)));
            reader.ReadNext(JsonTokenType.EndArray);
        }
        return OvsdbValue.FromMap([.. pairs]);
    }

    private static OvsdbValue ReadElement(ref Utf8JsonReader reader, BaseType? type, ReadingPool pool)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return ReadAtom(ref reader, type, pool);
        }

        reader.ReadNext();
        var uuid = ReadUuid(ref reader, type);
        reader.ReadNext(JsonTokenType.EndArray);
        return uuid;
    }

    private static OvsdbValue ReadUuid(ref Utf8JsonReader reader, BaseType? type)
    {
        var named = reader.ValueTextEquals("named-uuid"u8);
        if (!named && !reader.ValueTextEquals("uuid"u8))
        {
            throw new JsonException("The array is not a UUID, a set or a map.");
        }

        if (type is not null && (named || type.Type != OvsdbKind.Uuid))
        {
            throw new JsonException($"The schema requires {type.Type}, but the value is a {(named ? "named UUID" : "UUID")}.");
        }

        reader.ReadNext(JsonTokenType.String);
        return named ? OvsdbValue.NamedUuid(reader.GetString() ?? "") : reader.GetGuid();
    }

    private static OvsdbValue ReadAtom(ref Utf8JsonReader reader, BaseType? type, ReadingPool pool)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String when type is null or { Type: OvsdbKind.String }:
                return OvsdbValue.Trusted(pool.ReadString(ref reader));
            case JsonTokenType.True or JsonTokenType.False when type is null or { Type: OvsdbKind.Boolean }:
                return reader.TokenType == JsonTokenType.True;
            case JsonTokenType.Number when (type is null or { Type: OvsdbKind.Integer }) && reader.TryGetInt64(out var integer):
                return integer;
            case JsonTokenType.Number when type is null or { Type: OvsdbKind.Real }:
                return OvsdbValue.Trusted(reader.GetDouble());
            default:
                throw new JsonException(
                    type is null
                        ? $"An atom was expected, not {reader.TokenType}."
                        : $"The schema requires {type.Type}, but the value is {reader.TokenType}."
                );
        }
    }
}
