using System.Text.Json;

namespace Ovsdb;

/// <summary>The tables, columns and indexes of a replica: those of the monitor that the server's schema has. Immutable.</summary>
internal sealed class ReplicaLayout
{
    private readonly Dictionary<string, int> _tables = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int Table, int Position)> _indexes = new(StringComparer.Ordinal);

    public ReplicaLayout(IReadOnlyList<MonitoredTable> monitor, IReadOnlyList<ReplicaIndex> indexes, DatabaseSchema? schema)
    {
        var missing = new List<string>();
        var tables = new List<TableLayout>();
        foreach (var monitored in monitor)
        {
            if (schema?.Table(monitored.Table) is not { } table)
            {
                missing.Add(monitored.Table);
                continue;
            }
            missing.AddRange(monitored.Columns.Where(column => !table.HasColumn(column)).Select(column => $"{monitored.Table}.{column}"));
            _tables.Add(monitored.Table, tables.Count);
            tables.Add(new TableLayout(monitored, table, [.. indexes.Where(index => index.Table == monitored.Table)]));
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

    public TableLayout[] Tables { get; }

    /// <summary>The monitored tables and columns that the schema does not have, as <c>Table</c> or <c>Table.column</c>.</summary>
    public IReadOnlyList<string> Missing { get; }

    /// <summary>Returns the index of a table in <see cref="Tables"/>; -1 if it is not monitored.</summary>
    public int TableNumber(string table) => _tables.TryGetValue(table, out var number) ? number : -1;

    /// <summary>Returns the index of the table that the reader's property name names; -1 if it is not monitored.</summary>
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

    /// <summary>
    /// Returns the position of an index: the number of its table, -1 if that is not monitored, and the number among the indexes of the
    /// table.
    /// </summary>
    public (int Table, int Position) Index(string name) =>
        _indexes.TryGetValue(name, out var place)
            ? place
            : throw new ArgumentException($"The replica has no index \"{name}\".", nameof(name));

    /// <summary>
    /// Returns whether rows of one layout are valid in the other: tables, columns and types are the same. Conditions are ignored.
    /// </summary>
    public bool HasSameShape(ReplicaLayout other) => HasSameTables(other, static (table, match) => table.HasSameShape(match));

    /// <summary>Returns whether both layouts have the same shape and the same conditions.</summary>
    public bool HasSameConditions(ReplicaLayout other) =>
        HasSameTables(other, static (table, match) => table.HasSameShape(match) && table.HasSameConditions(match));

    /// <summary>Writes <c>&lt;monitor-cond-requests&gt;</c> (ovsdb-server(7) §4.1.12).</summary>
    public void WriteRequests(Utf8JsonWriter json) => WriteRequests(json, static (json, table) =>
        {
            OpWriter.WriteColumns(json, table.Shape.Names);
            if (table.Where is not null)
            {
                table.WriteConditions(json);
            }
        });

    /// <summary>Writes <c>&lt;monitor-requests&gt;</c> (RFC 7047 §4.1.5), which have no conditions: the server sends every row.</summary>
    public void WriteUnconditionalRequests(Utf8JsonWriter json) =>
        WriteRequests(json, static (json, table) => OpWriter.WriteColumns(json, table.Shape.Names));

    /// <summary>Writes <c>&lt;monitor-cond-update-requests&gt;</c> (ovsdb-server(7) §4.1.13).</summary>
    public void WriteConditions(Utf8JsonWriter json) => WriteRequests(json, static (json, table) => table.WriteConditions(json));

    private bool HasSameTables(ReplicaLayout other, Func<TableLayout, TableLayout, bool> isSame) =>
        ReferenceEquals(this, other)
        || (
            Tables.Length == other.Tables.Length
            && Tables.All(table => other.TableNumber(table.Name) is >= 0 and var number && isSame(table, other.Tables[number]))
        );

    private void WriteRequests(Utf8JsonWriter json, Action<Utf8JsonWriter, TableLayout> writeRequest)
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
