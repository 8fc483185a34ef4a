using System.Text.Json;

namespace Ovsdb;

/// <summary>Reads the answer to a transact (RFC 7047 §4.1.3): a result for each operation up to the first that failed, nulls behind it,
/// and one element more than operations if the commit failed.</summary>
internal static class TransactReader
{
    public static TransactOutcome Read(ref Utf8JsonReader reader, IReadOnlyList<Op> ops, DatabaseSchema? schema, ReadingPool pool)
    {
        ValueReader.Require(ref reader, JsonTokenType.StartArray);
        var results = new List<OpResult>(ops.Count);
        Rejected? rejected = null;
        var index = 0;
        for (ValueReader.Next(ref reader); reader.TokenType != JsonTokenType.EndArray; ValueReader.Next(ref reader), index++)
        {
            if (reader.TokenType == JsonTokenType.Null)
            {
                continue;
            }

            var table = index < ops.Count && ops[index] is SelectOp select ? schema?.Table(select.Table) : null;
            var error = ReadResult(ref reader, table, pool, results);
            if (error is not null)
            {
                rejected ??= new Rejected(error, index);
            }
        }
        if (rejected is not null)
        {
            return rejected;
        }

        return results.Count == ops.Count
            ? new Committed(results)
            : throw new JsonException($"{results.Count} results for {ops.Count} operations.");
    }

    /// <summary>Reads an error: an object with <c>error</c> and <c>details</c>, or a bare text.</summary>
    public static OvsdbError ReadError(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return new OvsdbError(reader.GetString() ?? "", null);
        }

        ValueReader.Require(ref reader, JsonTokenType.StartObject);
        string? error = null,
            details = null,
            syntax = null;
        for (ValueReader.Next(ref reader); reader.TokenType == JsonTokenType.PropertyName; ValueReader.Next(ref reader))
        {
            ReadErrorMember(ref reader, ref error, ref details, ref syntax);
        }

        return ErrorOf(error ?? "error", details, syntax);
    }

    private static OvsdbError? ReadResult(ref Utf8JsonReader reader, TableSchema? table, ReadingPool pool, List<OpResult> results)
    {
        ValueReader.Require(ref reader, JsonTokenType.StartObject);
        Guid? uuid = null;
        long count = 0;
        IReadOnlyList<Row> rows = [];
        string? error = null,
            details = null,
            syntax = null;
        for (ValueReader.Next(ref reader); reader.TokenType == JsonTokenType.PropertyName; ValueReader.Next(ref reader))
        {
            if (reader.ValueTextEquals("uuid"u8))
            {
                ValueReader.Next(ref reader);
                uuid = ValueReader.Read(ref reader, null, pool).AsUuid();
            }
            else if (reader.ValueTextEquals("count"u8))
            {
                ValueReader.Next(ref reader);
                count = reader.GetInt64();
            }
            else if (reader.ValueTextEquals("rows"u8))
            {
                ValueReader.Next(ref reader);
                rows = ReadRows(ref reader, table, pool);
            }
            else
            {
                ReadErrorMember(ref reader, ref error, ref details, ref syntax);
            }
        }
        if (error is not null)
        {
            return ErrorOf(error, details, syntax);
        }

        results.Add(new OpResult(uuid, count, rows));
        return null;
    }

    private static void ReadErrorMember(ref Utf8JsonReader reader, ref string? error, ref string? details, ref string? syntax)
    {
        ref var member = ref details;
        if (reader.ValueTextEquals("error"u8))
        {
            member = ref error;
        }
        else if (reader.ValueTextEquals("syntax"u8))
        {
            member = ref syntax;
        }
        else if (!reader.ValueTextEquals("details"u8))
        {
            reader.Skip();
            return;
        }
        ValueReader.Expect(ref reader, JsonTokenType.String);
        member = reader.GetString();
    }

    private static OvsdbError ErrorOf(string error, string? details, string? syntax) =>
        new(
            error,
            syntax is null ? details
                : details is null ? syntax
                : $"{details} ({syntax})"
        );

    private static List<Row> ReadRows(ref Utf8JsonReader reader, TableSchema? table, ReadingPool pool)
    {
        ValueReader.Require(ref reader, JsonTokenType.StartArray);
        var rows = new List<Row>();
        var names = new List<string>();
        var values = new List<OvsdbValue>();
        RowShape? shape = null;
        for (ValueReader.Next(ref reader); reader.TokenType != JsonTokenType.EndArray; ValueReader.Next(ref reader))
        {
            ValueReader.Require(ref reader, JsonTokenType.StartObject);
            names.Clear();
            values.Clear();
            for (ValueReader.Next(ref reader); reader.TokenType == JsonTokenType.PropertyName; ValueReader.Next(ref reader))
            {
                var name = pool.Read(ref reader);
                ValueReader.Next(ref reader);
                names.Add(name);
                values.Add(ValueReader.Read(ref reader, table?.TypeOf(name), pool));
            }
            if (shape is null || !shape.Names.AsSpan().SequenceEqual(names.ToArray()))
            {
                shape = new RowShape(names, table);
            }

            var uuid = shape.IndexOf("_uuid");
            rows.Add(new Row(uuid >= 0 ? values[uuid].AsUuid() : Guid.Empty, shape, [.. values]));
        }
        return rows;
    }
}
