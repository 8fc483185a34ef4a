namespace Ovsdb;

/// <summary>The contents of a replica at one time, immutable. It contains all changes of a transaction of the server, or none.</summary>
public sealed class ReplicaSnapshot
{
    private readonly ReplicaLayout _layout;
    private readonly TableSnapshot[] _tables;

    internal ReplicaSnapshot(ReplicaLayout layout, TableSnapshot[] tables, long generation) =>
        (_layout, _tables, Generation) = (layout, tables, generation);

    /// <summary>The number of loads of the replica so far; 0 before the first.</summary>
    public long Generation { get; }

    internal ReplicaLayout Layout => _layout;

    /// <summary>The number of rows of each table.</summary>
    internal IEnumerable<(string Name, int Rows)> RowCounts => _layout.Tables.Zip(_tables, (table, rows) => (table.Name, rows.Rows.Count));

    /// <summary>
    /// Returns the rows of a table by UUID. The result is empty if the table is not monitored or the server's schema does not have it.
    /// </summary>
    public IReadOnlyDictionary<Guid, Row> Table(string table) => Rows(table);

    /// <summary>Returns a row; null if the replica does not have it.</summary>
    public Row? Find(string table, Guid uuid) => Rows(table).Find(uuid);

    /// <summary>Returns the rows with a key in an index, in no particular order.</summary>
    /// <exception cref="ArgumentException">There is no such index.</exception>
    public IReadOnlyCollection<Row> ByIndex(string indexName, string key)
    {
        var (table, position) = _layout.Index(indexName);
        return table < 0 ? [] : _tables[table].Index(position).Find(key)?.Rows ?? [];
    }

    /// <summary>Returns the keys of an index, each once.</summary>
    /// <exception cref="ArgumentException">There is no such index.</exception>
    public IEnumerable<string> IndexKeys(string indexName)
    {
        var (table, position) = _layout.Index(indexName);
        return table < 0 ? [] : _tables[table].Index(position).Keys;
    }

    internal static ReplicaSnapshot Empty(ReplicaLayout layout, long generation) =>
        new(layout, [.. layout.Tables.Select(TableSnapshot.Empty)], generation);

    internal TableSnapshot Table(TableLayout table) => _tables[_layout.TableNumber(table.Name)];

    private HashTrie<Guid, Row> Rows(string table) => _layout.TableNumber(table) is >= 0 and var number ? _tables[number].Rows : default;
}
