using System.Text.Json;

namespace Ovsdb;

/// <summary>What is monitored, as far as one server's schema has it, and which indexes are kept. Immutable.</summary>
internal sealed class ReplicaLayout
{
    private readonly Dictionary<string, int> _tables = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int Table, int Position)> _indexes = new(StringComparer.Ordinal);

    public ReplicaLayout(IReadOnlyList<MonitoredTable> monitor, IReadOnlyList<ReplicaIndex> indexes, DatabaseSchema? schema)
    {
        var missing = new List<string>();
        var tables = new List<MonitoredLayout>();
        foreach (var wanted in monitor)
        {
            if (schema?.Table(wanted.Table) is not { } table)
            {
                missing.Add(wanted.Table);
                continue;
            }
            missing.AddRange(wanted.Columns.Where(column => !table.HasColumn(column)).Select(column => $"{wanted.Table}.{column}"));
            _tables.Add(wanted.Table, tables.Count);
            tables.Add(new MonitoredLayout(wanted, table, [.. indexes.Where(index => index.Table == wanted.Table)]));
        }
        foreach (var index in indexes)
        {
            _indexes.Add(
                index.Name,
                _tables.TryGetValue(index.Table, out var number) ? (number, Array.IndexOf(tables[number].Indexes, index)) : (-1, -1)
            );
        }

        (Tables, Missing) = ([.. tables], missing);
    }

    public MonitoredLayout[] Tables { get; }

    /// <summary>What was asked for but the schema lacks: <c>Table</c> or <c>Table.column</c>.</summary>
    public IReadOnlyList<string> Missing { get; }

    public int TableNumber(string table) => _tables.TryGetValue(table, out var number) ? number : -1;

    /// <summary>The table at the reader's property name; -1 for one that is not monitored.</summary>
    public int TableNumber(ref Utf8JsonReader reader)
    {
        for (var i = 0; i < Tables.Length; i++)
        {
            if (reader.ValueTextEquals(Tables[i].Name))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Where an index is; the table is -1 if it is not monitored.</summary>
    public (int Table, int Position) Index(string name) =>
        _indexes.TryGetValue(name, out var place) ? place : throw new ArgumentException($"There is no index \"{name}\".", nameof(name));

    /// <summary>Rows of one fit the other: the same columns of the same tables, of the same types, whatever the conditions.</summary>
    public bool HasShapeOf(ReplicaLayout other) =>
        Tables.Length == other.Tables.Length
        && Tables.All(table =>
            other.TableNumber(table.Name) is >= 0 and var number
            && other.Tables[number].Shape is var theirs
            && table.Shape.Names.SequenceEqual(theirs.Names)
            && table.Shape.Types.Zip(theirs.Types).All(types => types is ({ } mine, { } foreign) && mine.HasFormOf(foreign))
        );

    /// <summary>The conditions are the same, too.</summary>
    public bool HasConditionsOf(ReplicaLayout other) =>
        HasShapeOf(other)
        && Tables.All(table =>
            other.Tables[other.TableNumber(table.Name)].Where is var theirs
            && (table.Where is null ? theirs is null : theirs is not null && table.Where.SequenceEqual(theirs))
        );

    /// <summary>Writes <c>&lt;monitor-cond-requests&gt;</c> (ovsdb-server(7) §4.1.12).</summary>
    public void WriteRequests(Utf8JsonWriter json) => WriteRequests(json, static (json, table) =>
        {
            OpWriter.WriteNames(json, table.Shape.Names);
            if (table.Where is not null)
            {
                table.WriteConditions(json);
            }
        });

    /// <summary>Writes <c>&lt;monitor-requests&gt;</c> (RFC 7047 §4.1.5), which know no conditions: the server sends every row.</summary>
    public void WriteUnconditionalRequests(Utf8JsonWriter json) =>
        WriteRequests(json, static (json, table) => OpWriter.WriteNames(json, table.Shape.Names));

    /// <summary>Writes <c>&lt;monitor-cond-update-requests&gt;</c> (ovsdb-server(7) §4.1.13).</summary>
    public void WriteConditions(Utf8JsonWriter json) => WriteRequests(json, static (json, table) => table.WriteConditions(json));

    private void WriteRequests(Utf8JsonWriter json, Action<Utf8JsonWriter, MonitoredLayout> writeRequest)
    {
        json.WriteStartObject();
        foreach (var table in Tables)
        {
            json.WriteStartArray(table.Name);
            json.WriteStartObject();
            writeRequest(json, table);
            json.WriteEndObject();
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }
}

/// <summary>One table of a layout.</summary>
internal sealed class MonitoredLayout(MonitoredTable wanted, TableSchema schema, ReplicaIndex[] indexes)
{
    public string Name { get; } = wanted.Table;

    public RowShape Shape { get; } = new(wanted.Columns.Where(schema.HasColumn), schema);

    /// <summary>The conditions that the schema can decide; null for all rows. One on a column that it lacks never holds.</summary>
    public Where[]? Where { get; } = wanted.Where?.Where(condition => schema.HasColumn(condition.Column)).ToArray();

    public ReplicaIndex[] Indexes { get; } = indexes;

    public void WriteConditions(Utf8JsonWriter json)
    {
        // Neither no conditions nor an empty array means "no rows" on the wire: a boolean says it (ovsdb-server(7) §5.1).
        if (Where is { Length: > 0 })
        {
            OpWriter.WriteConditions(json, Where, schema);
            return;
        }
        json.WriteStartArray("where"u8);
        json.WriteBooleanValue(Where is null);
        json.WriteEndArray();
    }
}
