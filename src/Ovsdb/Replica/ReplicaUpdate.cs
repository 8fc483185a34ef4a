using System.Buffers.Text;
using System.Text.Json;

namespace Ovsdb;

/// <summary>An update or a load of a replica: reads it and collects its changes.</summary>
/// <param name="layout">The layout of the monitor.</param>
/// <param name="start">The snapshot that the update changes; empty for a load.</param>
/// <param name="replaced">The snapshot that a load replaces; null for an update.</param>
/// <param name="pool">Strings and buffers to use again.</param>
internal sealed class ReplicaUpdate(ReplicaLayout layout, ReplicaSnapshot start, ReplicaSnapshot? replaced, ReadingPool pool)
{
    // null for a table without changes
    private readonly TableSnapshot.Builder?[] _builders = new TableSnapshot.Builder?[layout.Tables.Length];
    private readonly List<RowChange> _changes = [];

    /// <summary>Reads <c>&lt;table-updates2&gt;</c> or <c>&lt;table-updates&gt;</c>.</summary>
    /// <exception cref="OvsdbInconsistencyException">The update does not match the replica.</exception>
    public void Read(ref Utf8JsonReader reader)
    {
        reader.Require(JsonTokenType.StartObject);
        for (reader.ReadNext(); reader.TokenType == JsonTokenType.PropertyName; reader.ReadNext())
        {
            var number = layout.TableNumber(ref reader);
            if (number < 0)
            {
                reader.Skip();
                continue;
            }
            var table = _builders[number] ??= start.Table(layout.Tables[number]).ToBuilder();
            reader.ReadNext(JsonTokenType.StartObject);
            for (reader.ReadNext(); reader.TokenType == JsonTokenType.PropertyName; reader.ReadNext())
            {
                ReadRow(ref reader, table);
            }
        }
    }

    /// <summary>Returns the snapshot after the update, and the changed rows.</summary>
    public (ReplicaSnapshot Snapshot, List<RowChange> Changes) Complete()
    {
        var tables = layout.Tables.Select((table, i) => _builders[i]?.ToSnapshot() ?? start.Table(table)).ToArray();
        var snapshot = new ReplicaSnapshot(layout, tables, start.Generation);
        if (replaced is not null)
        {
            AddDeletions(replaced, snapshot);
        }

        return (snapshot, _changes);
    }

    private void AddDeletions(ReplicaSnapshot before, ReplicaSnapshot after)
    {
        foreach (var table in before.Layout.Tables)
        {
            foreach (var (uuid, row) in before.Table(table.Name))
            {
                if (after.Find(table.Name, uuid) is null)
                {
                    _changes.Add(new RowChange(table.Name, uuid, row, null));
                }
            }
        }
    }

    /// <summary>
    /// Reads <c>&lt;row-update2&gt;</c> or <c>&lt;row-update&gt;</c> (RFC 7047 §4.1.6). The reader must be on the UUID of the row.
    /// </summary>
    private void ReadRow(ref Utf8JsonReader reader, TableSnapshot.Builder table)
    {
        var uuid = ReadRowUuid(ref reader);
        reader.ReadNext(JsonTokenType.StartObject);
        reader.ReadNext(JsonTokenType.PropertyName);
        var isModify = reader.ValueTextEquals("modify"u8);
        var isDelete = reader.ValueTextEquals("delete"u8);
        if (!isModify && !isDelete && !reader.ValueTextEquals("initial"u8) && !reader.ValueTextEquals("insert"u8))
        {
            ReadOldAndNew(ref reader, uuid, table);
            return;
        }
        reader.ReadNext();
        var present = replaced is null ? table.Find(uuid) : null; // a load starts with an empty table and contains each row once
        if (isDelete)
        {
            reader.Skip();
            if (present is not null)
            {
                Set(table, uuid, present, null);
            }
        }
        else if (isModify)
        {
            if (present is null)
            {
                throw new OvsdbInconsistencyException($"modify of the unknown row {uuid} of {table.Layout.Name}");
            }

            Set(table, uuid, present, ReadColumns(ref reader, uuid, table.Layout.Shape, present));
        }
        else
        {
            Set(table, uuid, present, ReadColumns(ref reader, uuid, table.Layout.Shape, null));
        }
        reader.ReadNext(JsonTokenType.EndObject);
    }

    /// <summary>
    /// Reads <c>&lt;row-update&gt;</c> from its first member to its end: <c>new</c> is the whole row. <c>old</c> is skipped, because the
    /// replica has the old row.
    /// </summary>
    private void ReadOldAndNew(ref Utf8JsonReader reader, Guid uuid, TableSnapshot.Builder table)
    {
        Row? row = null;
        for (; reader.TokenType == JsonTokenType.PropertyName; reader.ReadNext())
        {
            var isNew = reader.ValueTextEquals("new"u8);
            if (!isNew && !reader.ValueTextEquals("old"u8))
            {
                throw new JsonException(
                    "A row update must have initial, insert, modify or delete (ovsdb-server(7) §4.1.14), "
                        + "or old and new (RFC 7047 §4.1.6)."
                );
            }

            reader.ReadNext();
            if (isNew)
            {
                row = ReadColumns(ref reader, uuid, table.Layout.Shape, null);
            }
            else
            {
                reader.Skip();
            }
        }
        var present = table.Find(uuid);
        if (row is not null || present is not null)
        {
            Set(table, uuid, present, row);
        }
    }

    private void Set(TableSnapshot.Builder table, Guid uuid, Row? present, Row? after)
    {
        table.Set(uuid, present, after);
        var before = replaced is null ? present : replaced.Find(table.Layout.Name, uuid);
        if (before is null || !before.Equals(after))
        {
            _changes.Add(new RowChange(table.Layout.Name, uuid, before, after));
        }
    }

    private Row ReadColumns(ref Utf8JsonReader reader, Guid uuid, RowShape shape, Row? modified)
    {
        reader.Require(JsonTokenType.StartObject);
        var values = modified is null ? [.. shape.Defaults] : modified.Values.ToArray();
        var column = -1;
        for (reader.ReadNext(); reader.TokenType == JsonTokenType.PropertyName; reader.ReadNext())
        {
            var found = shape.IndexOf(ref reader, column);
            if (found < 0)
            {
                reader.Skip();
                continue;
            }
            column = found;
            reader.ReadNext();
            var value = ValueReader.Read(ref reader, shape.Types[column], pool);
            values[column] = modified is null ? value : ColumnDifference.Apply(values[column], value, shape.Types[column]);
        }
        return new Row(uuid, shape, values);
    }

    private static Guid ReadRowUuid(ref Utf8JsonReader reader)
    {
        Span<byte> name = stackalloc byte[36];
        var length = reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length;
        if (length == name.Length)
        {
            reader.CopyString(name);
            if (Utf8Parser.TryParse(name, out Guid uuid, out var consumed) && consumed == name.Length)
            {
                return uuid;
            }
        }
        throw new JsonException("The name of a row must be its UUID.");
    }
}
