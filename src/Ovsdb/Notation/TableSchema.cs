namespace Ovsdb;

/// <summary>The schema of a table (RFC 7047 §3.2 <c>&lt;table-schema&gt;</c>).</summary>
/// <param name="Name">The name of the table.</param>
/// <param name="Columns">The columns by name, without <c>_uuid</c> and <c>_version</c>.</param>
/// <param name="IsRoot">
/// True if a row exists without a reference to it; false if the server deletes rows without a strong reference at commit.
/// </param>
/// <param name="Indexes">The indexes: no two rows may have the same values in all columns of an index.</param>
public sealed record TableSchema(
    string Name,
    IReadOnlyDictionary<string, ColumnSchema> Columns,
    bool IsRoot,
    IReadOnlyList<IReadOnlyList<string>> Indexes
)
{
    private static readonly ColumnType RowId = new(new BaseType(OvsdbKind.Uuid), null, 1, 1);

    /// <summary>Returns whether the table has the column. Every table has <c>_uuid</c> and <c>_version</c>.</summary>
    public bool HasColumn(string name) => TypeOf(name) is not null;

    /// <summary>Returns the type of a column; null if the table does not have it.</summary>
    public ColumnType? TypeOf(string name) => name is "_uuid" or "_version" ? RowId : Columns.GetValueOrDefault(name)?.Type;
}
