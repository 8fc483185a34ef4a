using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ovsdb;

/// <summary>Writes values (RFC 7047 §5.1 <c>&lt;value&gt;</c>).</summary>
internal static class ValueWriter
{
    /// <summary>The options of every writer of this library: the writers produce valid JSON, and escape only what JSON requires.</summary>
    public static readonly JsonWriterOptions Options = new()
    {
        SkipValidation = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonEncodedText Uuid = JsonEncodedText.Encode("uuid");

    /// <summary>Writes a value.</summary>
    /// <param name="json">The writer.</param>
    /// <param name="value">The value.</param>
    /// <param name="type">
    /// The type of the column; null if the schema is not known. It decides whether an empty value is written as a set or as a map.
    /// </param>
    public static void Write(Utf8JsonWriter json, OvsdbValue value, ColumnType? type = null)
    {
        if (value.IsAtom)
        {
            WriteAtom(json, value);
            return;
        }

        var isMap = value.IsEmpty && type is not null ? type.IsMap : value.Kind == OvsdbKind.Map;
        json.WriteStartArray();
        json.WriteStringValue(isMap ? "map"u8 : "set"u8);
        json.WriteStartArray();
        if (isMap)
        {
            WritePairs(json, value.MapContent());
        }
        else
        {
            WriteElements(json, value.AsSet());
        }

        json.WriteEndArray();
        json.WriteEndArray();
    }

    private static void WritePairs(Utf8JsonWriter json, AtomMap map)
    {
        foreach (var (key, value) in map.Pairs)
        {
            json.WriteStartArray();
            WriteAtom(json, key);
            WriteAtom(json, value);
            json.WriteEndArray();
        }
    }

    private static void WriteElements(Utf8JsonWriter json, IReadOnlyList<OvsdbValue> atoms)
    {
        for (var i = 0; i < atoms.Count; i++)
        {
            WriteAtom(json, atoms[i]);
        }
    }

    private static void WriteAtom(Utf8JsonWriter json, OvsdbValue atom)
    {
        switch (atom.Kind)
        {
            case OvsdbKind.String:
                json.WriteStringValue(atom.AsString());
                break;
            case OvsdbKind.Integer:
                json.WriteNumberValue(atom.AsInteger());
                break;
            case OvsdbKind.Real:
                json.WriteNumberValue(atom.AsReal());
                break;
            case OvsdbKind.Boolean:
                json.WriteBooleanValue(atom.AsBoolean());
                break;
            case OvsdbKind.Uuid:
                json.WriteStartArray();
                json.WriteStringValue(Uuid);
                json.WriteStringValue(atom.AsUuid());
                json.WriteEndArray();
                break;
            default:
                json.WriteStartArray();
                json.WriteStringValue("named-uuid"u8);
                json.WriteStringValue(atom.AsNamedUuid());
                json.WriteEndArray();
                break;
        }
    }
}
