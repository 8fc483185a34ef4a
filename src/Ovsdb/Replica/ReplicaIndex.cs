namespace Ovsdb;

/// <summary>An index of a replica. Several rows may have the same key.</summary>
/// <param name="Name">The name of the index, unique among the client's indexes.</param>
/// <param name="Table">The name of the table.</param>
/// <param name="Key">
/// Returns the key of a row; null to leave the row out of the index. It is called for every row that is read or changed, so it must be fast
/// and without side effects.
/// </param>
public sealed record ReplicaIndex(string Name, string Table, Func<Row, string?> Key)
{
    /// <summary>
    /// Creates an index by the value of one key of a map of string to string, for example an owner in <c>external_ids</c>.
    /// </summary>
    public static ReplicaIndex ByMapKey(string name, string table, string column, string mapKey)
    {
        OvsdbValue key = mapKey;
        return new(name, table, row => row[column].AsMap().TryGetValue(key, out var value) ? value.AsString() : null);
    }

    /// <summary>Creates an index by a string column, which may be optional.</summary>
    public static ReplicaIndex ByColumn(string name, string table, string column) =>
        new(name, table, row => row[column].AsOptionalString());
}
