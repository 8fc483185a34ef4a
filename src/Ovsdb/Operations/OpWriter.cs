using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Ovsdb;

/// <summary>Writes operations (RFC 7047 §5.2) and their parts.</summary>
internal static class OpWriter
{
    private static readonly JsonEncodedText Table = JsonEncodedText.Encode("table");
    private static readonly JsonEncodedText Row = JsonEncodedText.Encode("row");
    private static readonly JsonEncodedText Where = JsonEncodedText.Encode("where");

    /// <summary>Returns the JSON of an operation, written without a schema.</summary>
    public static string ToJson(Op op)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, ValueWriter.Options))
        {
            Write(json, op, null);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Writes an operation.</summary>
    /// <param name="json">The writer.</param>
    /// <param name="op">The operation.</param>
    /// <param name="schema">The schema of the database; null if it is not known. It distinguishes empty maps from empty sets.</param>
    public static void Write(Utf8JsonWriter json, Op op, DatabaseSchema? schema)
    {
        json.WriteStartObject();
        json.WriteString("op"u8, op.Name);
        switch (op)
        {
            case InsertOp insert:
                WriteInsert(json, insert, schema?.Table(insert.Table));
                break;
            case SelectOp select:
                WriteSelect(json, select, schema?.Table(select.Table));
                break;
            case UpdateOp update:
                WriteUpdate(json, update, schema?.Table(update.Table));
                break;
            case MutateOp mutate:
                WriteMutate(json, mutate, schema?.Table(mutate.Table));
                break;
            case DeleteOp delete:
                WriteTarget(json, delete.Table, delete.Where, schema?.Table(delete.Table));
                break;
            case WaitOp wait:
                WriteWait(json, wait, schema?.Table(wait.Table));
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

    /// <summary>Writes the member <c>where</c>.</summary>
    public static void WriteConditions(Utf8JsonWriter json, IReadOnlyList<Where> where, TableSchema? schema)
    {
        json.WriteStartArray(Where);
        foreach (var (column, function, value) in where)
        {
            WriteTriple(json, column, function, value, schema);
        }

        json.WriteEndArray();
    }

    /// <summary>Writes the member <c>columns</c>.</summary>
    public static void WriteColumns(Utf8JsonWriter json, IReadOnlyList<string> columns)
    {
        json.WriteStartArray("columns"u8);
        foreach (var column in columns)
        {
            json.WriteStringValue(column);
        }

        json.WriteEndArray();
    }

    private static void WriteInsert(Utf8JsonWriter json, InsertOp insert, TableSchema? schema)
    {
        json.WriteString(Table, insert.Table);
        if (insert.Uuid is { } uuid)
        {
            json.WriteString("uuid"u8, uuid);
        }

        if (insert.UuidName is { } name)
        {
            json.WriteString("uuid-name"u8, name);
        }

        json.WritePropertyName(Row);
        WriteRow(json, insert.Row, schema);
    }

    private static void WriteSelect(Utf8JsonWriter json, SelectOp select, TableSchema? schema)
    {
        WriteTarget(json, select.Table, select.Where, schema);
        if (select.Columns is { } columns)
        {
            WriteColumns(json, columns);
        }
    }

    private static void WriteUpdate(Utf8JsonWriter json, UpdateOp update, TableSchema? schema)
    {
        WriteTarget(json, update.Table, update.Where, schema);
        json.WritePropertyName(Row);
        WriteRow(json, update.Row, schema);
    }

    private static void WriteMutate(Utf8JsonWriter json, MutateOp mutate, TableSchema? schema)
    {
        WriteTarget(json, mutate.Table, mutate.Where, schema);
        json.WriteStartArray("mutations"u8);
        foreach (var (column, mutator, value) in mutate.Mutations)
        {
            WriteTriple(json, column, mutator, value, schema);
        }

        json.WriteEndArray();
    }

    private static void WriteWait(Utf8JsonWriter json, WaitOp wait, TableSchema? schema)
    {
        json.WriteNumber("timeout"u8, wait.TimeoutMilliseconds);
        WriteTarget(json, wait.Table, wait.Where, schema);
        WriteColumns(json, wait.Columns);
        json.WriteString("until"u8, wait.Until);
        json.WriteStartArray("rows"u8);
        foreach (var row in wait.Rows)
        {
            WriteRow(json, row, schema);
        }

        json.WriteEndArray();
    }

    private static void WriteTarget(Utf8JsonWriter json, string table, IReadOnlyList<Where> where, TableSchema? schema)
    {
        json.WriteString(Table, table);
        WriteConditions(json, where, schema);
    }

    private static void WriteRow(Utf8JsonWriter json, IReadOnlyDictionary<string, OvsdbValue> row, TableSchema? schema)
    {
        json.WriteStartObject();
        foreach (var (column, value) in row)
        {
            json.WritePropertyName(column);
            ValueWriter.Write(json, value, schema?.TypeOf(column));
        }
        json.WriteEndObject();
    }

    private static void WriteTriple(Utf8JsonWriter json, string column, string function, OvsdbValue value, TableSchema? schema)
    {
        json.WriteStartArray();
        json.WriteStringValue(column);
        json.WriteStringValue(function);
        ValueWriter.Write(json, value, schema?.TypeOf(column));
        json.WriteEndArray();
    }
}
