using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ovsdb;

/// <summary>Writes operations and values (RFC 7047 §5.1–5.2).</summary>
internal static class OpWriter
{
    /// <summary>For all that we write: valid JSON by construction, and nothing escaped that JSON does not ask for.</summary>
    public static readonly JsonWriterOptions Options = new()
    {
        SkipValidation = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonEncodedText Table = JsonEncodedText.Encode("table");
    private static readonly JsonEncodedText RowText = JsonEncodedText.Encode("row");
    private static readonly JsonEncodedText Uuid = JsonEncodedText.Encode("uuid");
    private static readonly JsonEncodedText Where = JsonEncodedText.Encode("where");

    public static string ToJson(Op op)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            Write(json, op, null);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Writes one operation. The schema, where known, tells an empty map from an empty set.</summary>
    public static void Write(Utf8JsonWriter json, Op op, DatabaseSchema? schema)
    {
        json.WriteStartObject();
        json.WriteString("op"u8, op.Name);
        switch (op)
        {
            case InsertOp insert:
                json.WriteString(Table, insert.Table);
                if (insert.Uuid is { } uuid)
                {
                    json.WriteString(Uuid, uuid);
                }

                if (insert.UuidName is { } name)
                {
                    json.WriteString("uuid-name"u8, name);
                }

                json.WritePropertyName(RowText);
                WriteRow(json, insert.Row, schema?.Table(insert.Table));
                break;
            case SelectOp select:
                WriteTarget(json, select.Table, select.Where, schema);
                if (select.Columns is { } columns)
                {
                    WriteNames(json, columns);
                }

                break;
            case UpdateOp update:
                WriteTarget(json, update.Table, update.Where, schema);
                json.WritePropertyName(RowText);
                WriteRow(json, update.Row, schema?.Table(update.Table));
                break;
            case MutateOp mutate:
                WriteTarget(json, mutate.Table, mutate.Where, schema);
                json.WriteStartArray("mutations"u8);
                foreach (var (column, mutator, value) in mutate.Mutations)
                {
                    WriteTriple(json, column, mutator, value, schema?.Table(mutate.Table)?.TypeOf(column));
                }

                json.WriteEndArray();
                break;
            case DeleteOp delete:
                WriteTarget(json, delete.Table, delete.Where, schema);
                break;
            case WaitOp wait:
                json.WriteNumber("timeout"u8, wait.TimeoutMilliseconds);
                WriteTarget(json, wait.Table, wait.Where, schema);
                WriteNames(json, wait.Columns);
                json.WriteString("until"u8, wait.Until);
                json.WriteStartArray("rows"u8);
                foreach (var row in wait.Rows)
                {
                    WriteRow(json, row, schema?.Table(wait.Table));
                }

                json.WriteEndArray();
                break;
            case CommentOp comment:
                json.WriteString("comment"u8, comment.Text);
                break;
            case CommitOp commit:
                json.WriteBoolean("durable"u8, commit.Durable);
                break;
            case AssertOp assert:
                json.WriteString("lock"u8, assert.LockId);
                break;
        }
        json.WriteEndObject();
    }

    /// <summary>Writes conditions.</summary>
    public static void WriteConditions(Utf8JsonWriter json, IReadOnlyList<Where> where, TableSchema? schema)
    {
        json.WriteStartArray(Where);
        foreach (var (column, function, value) in where)
        {
            WriteTriple(json, column, function, value, schema?.TypeOf(column));
        }

        json.WriteEndArray();
    }

    public static void WriteNames(Utf8JsonWriter json, IReadOnlyList<string> columns)
    {
        json.WriteStartArray("columns"u8);
        foreach (var column in columns)
        {
            json.WriteStringValue(column);
        }

        json.WriteEndArray();
    }

    public static void WriteValue(Utf8JsonWriter json, OvsdbValue value, ColumnType? type = null)
    {
        switch (value.Kind)
        {
            case OvsdbKind.Map:
            case OvsdbKind.Set when value.IsEmpty && type is { IsMap: true }:
                if (value.IsEmpty && type is { IsMap: false })
                {
                    goto case OvsdbKind.Set;
                }

                json.WriteStartArray();
                json.WriteStringValue("map"u8);
                json.WriteStartArray();
                foreach (var (key, mapped) in value.MapContent().Pairs)
                {
                    json.WriteStartArray();
                    WriteAtom(json, key);
                    WriteAtom(json, mapped);
                    json.WriteEndArray();
                }
                json.WriteEndArray();
                json.WriteEndArray();
                break;
            case OvsdbKind.Set:
                json.WriteStartArray();
                json.WriteStringValue("set"u8);
                json.WriteStartArray();
                foreach (var atom in value.AsSet())
                {
                    WriteAtom(json, atom);
                }

                json.WriteEndArray();
                json.WriteEndArray();
                break;
            default:
                WriteAtom(json, value);
                break;
        }
    }

    private static void WriteTarget(Utf8JsonWriter json, string table, IReadOnlyList<Where> where, DatabaseSchema? schema)
    {
        json.WriteString(Table, table);
        WriteConditions(json, where, schema?.Table(table));
    }

    private static void WriteRow(Utf8JsonWriter json, IReadOnlyDictionary<string, OvsdbValue> row, TableSchema? schema)
    {
        json.WriteStartObject();
        foreach (var (column, value) in row)
        {
            json.WritePropertyName(column);
            WriteValue(json, value, schema?.TypeOf(column));
        }
        json.WriteEndObject();
    }

    private static void WriteTriple(Utf8JsonWriter json, string column, string function, OvsdbValue value, ColumnType? type)
    {
        json.WriteStartArray();
        json.WriteStringValue(column);
        json.WriteStringValue(function);
        WriteValue(json, value, type);
        json.WriteEndArray();
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
