namespace Ovsdb;

/// <summary>The copy at one moment, immutable: what one transaction of the server changed is in it as a whole or not at all.</summary>
public sealed class ReplicaSnapshot
{
    private readonly ReplicaLayout _layout;
    private readonly TableCopy[] _tables;

    internal ReplicaSnapshot(ReplicaLayout layout, TableCopy[] tables, long generation) =>
        (_layout, _tables, Generation) = (layout, tables, generation);

    /// <summary>The number of the load that this copy stems from; 0 before the first.</summary>
    public long Generation { get; }

    internal ReplicaLayout Layout => _layout;

    /// <summary>How many rows each table has.</summary>
    internal IEnumerable<(string Name, int Rows)> Counts => _layout.Tables.Zip(_tables, (table, copy) => (table.Name, copy.Rows.Count));

    /// <summary>The rows of a table by UUID; none for a table that is not monitored or that the server's schema lacks.</summary>
    public IReadOnlyDictionary<Guid, Row> Table(string table) => Rows(table);

    /// <summary>A row, or null.</summary>
    public Row? Find(string table, Guid uuid) => Rows(table).Find(uuid);

    /// <summary>The rows under a key of an index, in no order; empty where there are none.</summary>
    /// <exception cref="ArgumentException">There is no such index.</exception>
    public IReadOnlyCollection<Row> ByIndex(string indexName, string key)
    {
        var (table, position) = _layout.Index(indexName);
        return table < 0 ? [] : _tables[table].Index(position).Find(key)?.Rows ?? [];
    }

    /// <summary>The keys of an index, each once.</summary>
    /// <exception cref="ArgumentException">There is no such index.</exception>
    public IEnumerable<string> IndexKeys(string indexName)
    {
        var (table, position) = _layout.Index(indexName);
        return table < 0 ? [] : _tables[table].Index(position).Keys;
    }

    internal static ReplicaSnapshot Empty(ReplicaLayout layout, long generation) =>
        new(layout, [.. layout.Tables.Select(TableCopy.Empty)], generation);

    internal TableCopy TableOf(string name) => _tables[_layout.TableNumber(name)];

    private HashTrie<Guid, Row> Rows(string table) => _layout.TableNumber(table) is >= 0 and var number ? _tables[number].Rows : default;
}
