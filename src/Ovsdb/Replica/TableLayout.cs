using System.Text.Json;

namespace Ovsdb;

/// <summary>A table of a <see cref="ReplicaLayout"/>.</summary>
internal sealed class TableLayout(MonitoredTable wanted, TableSchema schema, ReplicaIndex[] indexes)
{
    public string Name { get; } = wanted.Table;

    public RowShape Shape { get; } = new(wanted.Columns.Where(schema.HasColumn), schema);

    /// <summary>The conditions on columns that the schema has; null for all rows. A condition on another column never holds.</summary>
    public Where[]? Where { get; } = wanted.Where?.Where(condition => schema.HasColumn(condition.Column)).ToArray();

    public ReplicaIndex[] Indexes { get; } = indexes;

    /// <summary>Returns whether rows of one table are valid in the other: columns and types are the same.</summary>
    public bool HasSameShape(TableLayout other) =>
        Shape.Names.SequenceEqual(other.Shape.Names)
        && Shape.Types.Zip(other.Shape.Types).All(types => types is ({ } left, { } right) && left.IsReadableAs(right));

    /// <summary>Returns whether both tables have the same conditions.</summary>
    public bool HasSameConditions(TableLayout other) =>
        Where is null || other.Where is null ? Where == other.Where : Where.SequenceEqual(other.Where);

    /// <summary>Writes the member <c>where</c>.</summary>
    public void WriteConditions(Utf8JsonWriter json)
    {
        // In the protocol, no conditions and an empty list both mean all rows. A boolean condition selects all rows or none
        // (ovsdb-server(7) §5.1).
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
