using System.Text.Json;

namespace Ovsdb;

/// <summary>
/// Reads the answer to <c>transact</c> (RFC 7047 §4.1.3): one result for each operation up to the first that failed, then nulls. If the
/// commit failed, the answer has one more element than there are operations.
/// </summary>
internal static class TransactReader
{
    public static TransactOutcome Read(ref Utf8JsonReader reader, IReadOnlyList<Op> ops, DatabaseSchema? schema, ReadingPool pool)
    {
        reader.Require(JsonTokenType.StartArray);
        var results = new List<OpResult>(ops.Count);
        Rejected? rejected = null;
        var index = 0;
        for (reader.ReadNext(); reader.TokenType != JsonTokenType.EndArray; reader.ReadNext(), index++)
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
            : throw new JsonException($"The answer has {results.Count} results for {ops.Count} operations.");
    }

    /// <summary>Reads an error: an object with <c>error</c> and <c>details</c>, or a string.</summary>
    public static OvsdbError ReadError(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return new OvsdbError(reader.GetString() ?? "", null);
        }

        reader.Require(JsonTokenType.StartObject);
        var members = new ErrorMembers();
        for (reader.ReadNext(); reader.TokenType == JsonTokenType.PropertyName; reader.ReadNext())
        {
            members.Read(ref reader);
        }

        return members.ToError() ?? new OvsdbError("error", members.Details);
    }

    private static OvsdbError? ReadResult(ref Utf8JsonReader reader, TableSchema? table, ReadingPool pool, List<OpResult> results)
    {
        reader.Require(JsonTokenType.StartObject);
        Guid? uuid = null;
        long count = 0;
        IReadOnlyList<Row> rows = [];
        var members = new ErrorMembers();
        for (reader.ReadNext(); reader.TokenType == JsonTokenType.PropertyName; reader.ReadNext())
        {
            if (reader.ValueTextEquals("uuid"u8))
            {
                reader.ReadNext();
                uuid = ValueReader.Read(ref reader, null, pool).AsUuid();
            }
            else if (reader.ValueTextEquals("count"u8))
            {
                reader.ReadNext();
                count = reader.GetInt64();
            }
            else if (reader.ValueTextEquals("rows"u8))
            {
                reader.ReadNext();
                rows = ReadRows(ref reader, table, pool);
            }
            else
            {
                members.Read(ref reader);
            }
        }
        if (members.ToError() is { } error)
        {
            return error;
        }

        results.Add(new OpResult(uuid, count, rows));
        return null;
    }

    private static List<Row> ReadRows(ref Utf8JsonReader reader, TableSchema? table, ReadingPool pool)
    {
        reader.Require(JsonTokenType.StartArray);
        var rows = new List<Row>();
        var names = new List<string>();
        var values = new List<OvsdbValue>();
        RowShape? shape = null;
        for (reader.ReadNext(); reader.TokenType != JsonTokenType.EndArray; reader.ReadNext())
        {
            reader.Require(JsonTokenType.StartObject);
            names.Clear();
            values.Clear();
            for (reader.ReadNext(); reader.TokenType == JsonTokenType.PropertyName; reader.ReadNext())
            {
                var name = pool.ReadString(ref reader);
                reader.ReadNext();
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

    /// <summary>The members of an error object.</summary>
    private struct ErrorMembers
    {
        private string? _error;
        private string? _details;
        private string? _syntax;

        /// <summary>The server's description, followed by the JSON that it could not parse, if it sent that.</summary>
        public readonly string? Details => _details is not null && _syntax is not null ? $"{_details} ({_syntax})" : _details ?? _syntax;

        /// <summary>Reads one member. The reader must be on its name and is left on its value.</summary>
        public void Read(ref Utf8JsonReader reader)
        {
            if (reader.ValueTextEquals("error"u8))
            {
                _error = ReadString(ref reader);
            }
            else if (reader.ValueTextEquals("details"u8))
            {
                _details = ReadString(ref reader);
            }
            else if (reader.ValueTextEquals("syntax"u8))
            {
                _syntax = ReadString(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        /// <summary>Returns the error; null if the object is not an error.</summary>
        public readonly OvsdbError? ToError() => _error is null ? null : new OvsdbError(_error, Details);

        private static string? ReadString(ref Utf8JsonReader reader)
        {
            reader.ReadNext(JsonTokenType.String);
            return reader.GetString();
        }
    }
}
