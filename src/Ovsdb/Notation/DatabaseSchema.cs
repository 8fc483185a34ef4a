namespace Ovsdb;

/// <summary>The schema of a database, as the server sends it (RFC 7047 §3.2).</summary>
/// <param name="Name">The name of the database.</param>
/// <param name="Version">The version of the schema, <c>x.y.z</c>; the empty string if it has none.</param>
/// <param name="Tables">The tables by name.</param>
public sealed record DatabaseSchema(string Name, string Version, IReadOnlyDictionary<string, TableSchema> Tables)
{
    /// <summary>Returns a table; null if the schema does not have it.</summary>
    public TableSchema? Table(string name) => Tables.GetValueOrDefault(name);

    /// <summary>Returns whether the schema has the table.</summary>
    public bool HasTable(string name) => Tables.ContainsKey(name);

    /// <summary>Returns whether the schema has the table and the column. Every table has <c>_uuid</c> and <c>_version</c>.</summary>
    public bool HasColumn(string table, string column) => Table(table)?.HasColumn(column) ?? false;
}
