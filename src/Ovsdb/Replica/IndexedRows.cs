namespace Ovsdb;

/// <summary>The rows with the same key in an index. Usually there is one, which needs no map.</summary>
internal sealed class IndexedRows : IKeyed<string>
{
    private readonly object _rows; // a Row, or a HashTrie<Guid, Row>

    public IndexedRows(string key, Row one) => (Key, _rows) = (key, one);

    private IndexedRows(string key, HashTrie<Guid, Row> several) => (Key, _rows) = (key, several);

    public string Key { get; }

    /// <summary>The rows, in no particular order.</summary>
    public Row[] Rows => _rows is Row one ? [one] : [.. Several.Values];

    private HashTrie<Guid, Row> Several => (HashTrie<Guid, Row>)_rows;

    /// <summary>Returns the rows with this row. It replaces the row with the same UUID, if there is one.</summary>
    public IndexedRows With(Row row, TrieEdit edit)
    {
        if (_rows is not Row one)
        {
            return new(Key, Several.With(row, edit));
        }

        return one.Uuid == row.Uuid ? new(Key, row) : new(Key, default(HashTrie<Guid, Row>).With(one, edit).With(row, edit));
    }

    /// <summary>Returns the rows without the row with this UUID; null if none is left.</summary>
    public IndexedRows? Without(Guid uuid, TrieEdit edit)
    {
        if (_rows is Row one)
        {
            return one.Uuid == uuid ? null : this;
        }

        var rest = Several.Without(uuid, edit);
        return rest.Count == 1 ? new(Key, rest.Values.Single()) : new(Key, rest);
    }
}
