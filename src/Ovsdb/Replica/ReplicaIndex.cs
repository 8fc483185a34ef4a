namespace Ovsdb;

/// <summary>An index that the copy keeps; several rows may have the same key.</summary>
/// <param name="Name">Its name, unique among the client's indexes.</param>
/// <param name="Table">The table whose rows it finds.</param>
/// <param name="Key">The key of a row; null for a row that is not in the index. Pure and quick: called for every row read and changed.</param>
public sealed record ReplicaIndex(string Name, string Table, Func<Row, string?> Key)
{
    /// <summary>By the text under one key of a column that is a map of text to text, for instance an owner in <c>external_ids</c>.</summary>
    public static ReplicaIndex ByMapKey(string name, string table, string column, string mapKey)
    {
        OvsdbValue key = mapKey;
        return new(name, table, row => row[column].AsMap().TryGetValue(key, out var value) ? value.AsString() : null);
    }

    /// <summary>By a column that holds a text or none.</summary>
    public static ReplicaIndex ByColumn(string name, string table, string column) =>
        new(name, table, row => row[column].AsOptionalString());
}
