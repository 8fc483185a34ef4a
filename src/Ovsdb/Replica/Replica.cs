using System.Buffers.Text;
using System.Text.Json;

namespace Ovsdb;

/// <summary>
/// The copy: reads what a monitor sends, straight from the bytes into rows, and keeps the snapshot. One read loop at a time changes it, anybody reads.
/// An update is all or nothing: what cannot be read or does not fit leaves the snapshot as it was and ends the link.
/// </summary>
/// <param name="initial">The empty layout, with the indexes' names.</param>
/// <param name="changed">Called on the read loop after the snapshot has changed.</param>
internal sealed class Replica(ReplicaLayout initial, Action<ReplicaChange> changed)
{
    private readonly ReadingPool _pool = new();
    private volatile ReplicaSnapshot _snapshot = ReplicaSnapshot.Empty(initial, generation: 0);

    public ReplicaSnapshot Snapshot => _snapshot;

    /// <summary>The transaction that the copy stands at; <see cref="Guid.Empty"/> if the server must send everything.</summary>
    public Guid LastTransaction { get; private set; }

    /// <summary>The layout under whose conditions the copy is complete; null before the first load and while conditions change.</summary>
    public ReplicaLayout? Conditions { get; set; }

    /// <summary>An update did not fit the copy; it must be loaded anew.</summary>
    public bool IsInconsistent { get; private set; }

    /// <summary>Have the next load ask for everything.</summary>
    public void Forget() => LastTransaction = Guid.Empty;

    /// <summary>Reads <c>&lt;table-updates2&gt;</c>, or of a plain <c>monitor</c> <c>&lt;table-updates&gt;</c>, of a monitor with this layout.</summary>
    public void Read(ref Utf8JsonReader reader, MonitorEvent what, ReplicaLayout layout)
    {
        var reload = what is { IsContents: true, Found: false };
        var former = _snapshot;
        if (!reload && !what.IsContents && !ReferenceEquals(layout, former.Layout))
        {
            return; // of a monitor that has been replaced, or whose contents are not here yet
        }

        var start = reload ? ReplicaSnapshot.Empty(layout, former.Generation + 1) : former;
        var builders = new TableCopy.Builder?[layout.Tables.Length];
        var changes = new List<RowChange>();
        try
        {
            if (!reload && !ReferenceEquals(layout, former.Layout) && !layout.HasShapeOf(former.Layout))
            {
                throw new OvsdbInconsistencyException("the server goes on with another copy than this");
            }

            ReadTables(ref reader, layout, start, reload ? former : null, builders, changes);
        }
        catch (OvsdbInconsistencyException)
        {
            (IsInconsistent, LastTransaction) = (true, Guid.Empty);
            Metrics.Resyncs.Add(1);
            throw;
        }
        var tables = layout.Tables.Select((table, i) => builders[i]?.ToCopy() ?? start.TableOf(table.Name)).ToArray();
        var snapshot = new ReplicaSnapshot(layout, tables, start.Generation);
        if (reload)
        {
            NoteDeletions(former, snapshot, changes);
        }

        (_snapshot, LastTransaction, IsInconsistent) = (snapshot, what.LastTransaction, false);
        if (what.IsContents)
        {
            Conditions = layout;
        }

        if (reload || changes.Count > 0)
        {
            changed(new ReplicaChange(snapshot, reload, changes));
        }
    }

    private static void NoteDeletions(ReplicaSnapshot former, ReplicaSnapshot now, List<RowChange> changes)
    {
        foreach (var table in former.Layout.Tables)
        {
            foreach (var (uuid, row) in former.Table(table.Name))
            {
                if (now.Find(table.Name, uuid) is null)
                {
                    changes.Add(new RowChange(table.Name, uuid, row, null));
                }
            }
        }
    }

    private void ReadTables(
        ref Utf8JsonReader reader,
        ReplicaLayout layout,
        ReplicaSnapshot start,
        ReplicaSnapshot? former,
        TableCopy.Builder?[] builders,
        List<RowChange> changes
    )
    {
        ValueReader.Require(ref reader, JsonTokenType.StartObject);
        for (ValueReader.Next(ref reader); reader.TokenType == JsonTokenType.PropertyName; ValueReader.Next(ref reader))
        {
            var number = layout.TableNumber(ref reader);
            if (number < 0)
            {
                reader.Skip();
                continue;
            }
            var builder = builders[number] ??= start.TableOf(layout.Tables[number].Name).ToBuilder();
            ValueReader.Expect(ref reader, JsonTokenType.StartObject);
            for (ValueReader.Next(ref reader); reader.TokenType == JsonTokenType.PropertyName; ValueReader.Next(ref reader))
            {
                ReadRow(ref reader, builder, former, changes);
            }
        }
    }

    /// <summary>Reads <c>&lt;row-update2&gt;</c>, or <c>&lt;row-update&gt;</c> (RFC 7047 §4.1.6), from the name of its row on.</summary>
    private void ReadRow(ref Utf8JsonReader reader, TableCopy.Builder table, ReplicaSnapshot? former, List<RowChange> changes)
    {
        var uuid = ReadRowName(ref reader);
        ValueReader.Expect(ref reader, JsonTokenType.StartObject);
        ValueReader.Expect(ref reader, JsonTokenType.PropertyName);
        var isModify = reader.ValueTextEquals("modify"u8);
        var isDelete = reader.ValueTextEquals("delete"u8);
        if (!isModify && !isDelete && !reader.ValueTextEquals("initial"u8) && !reader.ValueTextEquals("insert"u8))
        {
            ReadOldAndNew(ref reader, uuid, table, former, changes);
            return;
        }
        ValueReader.Next(ref reader);
        var present = former is null ? table.Find(uuid) : null; // a load begins with nothing and names each row once
        if (isDelete)
        {
            reader.Skip();
            if (present is not null)
            {
                Note(table, uuid, present, null, present, changes);
            }
        }
        else if (isModify)
        {
            if (present is null)
            {
                throw new OvsdbInconsistencyException($"modify of the unknown row {uuid} of {table.Layout.Name}");
            }

            Note(table, uuid, present, ReadColumns(ref reader, uuid, table.Layout.Shape, present), present, changes);
        }
        else
        {
            var row = ReadColumns(ref reader, uuid, table.Layout.Shape, null);
            var before = former is null ? present : former.Find(table.Layout.Name, uuid);
            Note(table, uuid, present, row, before, changes);
        }
        ValueReader.Expect(ref reader, JsonTokenType.EndObject);
    }

    /// <summary>Reads a <c>&lt;row-update&gt;</c> from its first member to its end: <c>new</c> is the whole row, and what it was the copy knows.</summary>
    private void ReadOldAndNew(
        ref Utf8JsonReader reader,
        Guid uuid,
        TableCopy.Builder table,
        ReplicaSnapshot? former,
        List<RowChange> changes
    )
    {
        Row? row = null;
        for (; reader.TokenType == JsonTokenType.PropertyName; ValueReader.Next(ref reader))
        {
            var isNew = reader.ValueTextEquals("new"u8);
            if (!isNew && !reader.ValueTextEquals("old"u8))
            {
                throw new JsonException(
                    "A row update is initial, insert, modify or delete (ovsdb-server(7) §4.1.14), or has old and new (RFC 7047 §4.1.6)."
                );
            }

            ValueReader.Next(ref reader);
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
            Note(table, uuid, present, row, former is null ? present : former.Find(table.Layout.Name, uuid), changes);
        }
    }

    private static void Note(TableCopy.Builder table, Guid uuid, Row? present, Row? after, Row? before, List<RowChange> changes)
    {
        table.Set(uuid, present, after);
        if (before is null || !before.Equals(after))
        {
            changes.Add(new RowChange(table.Layout.Name, uuid, before, after));
        }
    }

    private Row ReadColumns(ref Utf8JsonReader reader, Guid uuid, RowShape shape, Row? modified)
    {
        ValueReader.Require(ref reader, JsonTokenType.StartObject);
        var values = modified is null ? [.. shape.Defaults] : modified.Values.ToArray();
        var column = -1;
        for (ValueReader.Next(ref reader); reader.TokenType == JsonTokenType.PropertyName; ValueReader.Next(ref reader))
        {
            var found = shape.IndexOf(ref reader, column);
            if (found < 0)
            {
                reader.Skip();
                continue;
            }
            column = found;
            ValueReader.Next(ref reader);
            var value = ValueReader.Read(ref reader, shape.Types[column], _pool);
            values[column] = modified is null ? value : ColumnDifference.Apply(values[column], value, shape.Types[column]);
        }
        return new Row(uuid, shape, values);
    }

    private static Guid ReadRowName(ref Utf8JsonReader reader)
    {
        Span<byte> name = stackalloc byte[36];
        var length = reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length;
        if (length == name.Length)
        {
            reader.CopyString(name);
            if (Utf8Parser.TryParse(name, out Guid uuid, out var used) && used == name.Length)
            {
                return uuid;
            }
        }
        throw new JsonException("A row is named by its UUID.");
    }
}
