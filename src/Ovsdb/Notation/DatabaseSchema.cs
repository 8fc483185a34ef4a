using System.Text.Json;

namespace Ovsdb;

/// <summary>The schema of one database, as its server sends it (RFC 7047 §3.2).</summary>
/// <param name="Name">The database's name.</param>
/// <param name="Version">Its version, <c>x.y.z</c>; the empty text if it has none.</param>
/// <param name="Tables">Its tables by name.</param>
public sealed record DatabaseSchema(string Name, string Version, IReadOnlyDictionary<string, TableSchema> Tables)
{
    /// <summary>The table, or null if this schema lacks it.</summary>
    public TableSchema? Table(string name) => Tables.GetValueOrDefault(name);

    /// <summary>The table is there.</summary>
    public bool HasTable(string name) => Tables.ContainsKey(name);

    /// <summary>The table is there and has the column; <c>_uuid</c> and <c>_version</c> are in every table.</summary>
    public bool HasColumn(string table, string column) => Table(table)?.HasColumn(column) ?? false;

    /// <summary>Reads a schema, as in a <c>.ovsschema</c> file or in the answer to <c>get_schema</c>.</summary>
    /// <exception cref="JsonException">It is no schema.</exception>
    public static DatabaseSchema Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return Parse(document.RootElement);
    }

    internal static DatabaseSchema Parse(JsonElement json)
    {
        try
        {
            return new DatabaseSchema(
                json.GetProperty("name").GetString() ?? "",
                json.TryGetProperty("version", out var version) ? version.GetString() ?? "" : "",
                json.GetProperty("tables")
                    .EnumerateObject()
                    .ToDictionary(table => table.Name, table => TableSchema.Parse(table.Name, table.Value), StringComparer.Ordinal)
            );
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new JsonException("Not a database schema (RFC 7047 §3.2).", e);
        }
    }
}

/// <summary>The schema of one table.</summary>
/// <param name="Name">The table's name.</param>
/// <param name="Columns">Its columns by name, without <c>_uuid</c> and <c>_version</c>.</param>
/// <param name="IsRoot">True if rows stay without a strong reference to them; else such rows are collected at commit.</param>
/// <param name="Indexes">The sets of columns in which no two rows may agree.</param>
public sealed record TableSchema(
    string Name,
    IReadOnlyDictionary<string, ColumnSchema> Columns,
    bool IsRoot,
    IReadOnlyList<IReadOnlyList<string>> Indexes
)
{
    private static readonly ColumnType RowId = new(new BaseType(OvsdbKind.Uuid), null, 1, 1);

    /// <summary>The column is there; <c>_uuid</c> and <c>_version</c> are in every table.</summary>
    public bool HasColumn(string name) => TypeOf(name) is not null;

    /// <summary>The type of a column, null if the table lacks it.</summary>
    public ColumnType? TypeOf(string name) => name is "_uuid" or "_version" ? RowId : Columns.GetValueOrDefault(name)?.Type;

    internal static TableSchema Parse(string name, JsonElement json) =>
        new(
            name,
            json.GetProperty("columns")
                .EnumerateObject()
                .ToDictionary(column => column.Name, column => ColumnSchema.Parse(column.Name, column.Value), StringComparer.Ordinal),
            json.TryGetProperty("isRoot", out var root) && root.GetBoolean(),
            json.TryGetProperty("indexes", out var indexes)
                ?
                [
                    .. indexes
                        .EnumerateArray()
                        .Select(index => (IReadOnlyList<string>)[.. index.EnumerateArray().Select(column => column.GetString() ?? "")]),
                ]
                : []
        );
}

/// <summary>The schema of one column.</summary>
/// <param name="Name">The column's name.</param>
/// <param name="Type">What it holds.</param>
/// <param name="IsMutable">False if it is set at insert only.</param>
/// <param name="IsEphemeral">True if its value is lost when the server ends.</param>
public sealed record ColumnSchema(string Name, ColumnType Type, bool IsMutable, bool IsEphemeral)
{
    internal static ColumnSchema Parse(string name, JsonElement json) =>
        new(
            name,
            ColumnType.Parse(json.GetProperty("type")),
            !json.TryGetProperty("mutable", out var mutable) || mutable.GetBoolean(),
            json.TryGetProperty("ephemeral", out var ephemeral) && ephemeral.GetBoolean()
        );
}
