namespace Ovsdb;

/// <summary>A condition on a column (RFC 7047 §5.1). Those of an operation must all hold; of a monitor, any.</summary>
/// <param name="Column">The column's name.</param>
/// <param name="Function"><c>==</c>, <c>!=</c>, <c>includes</c>, <c>excludes</c>, or for numbers <c>&lt;</c>, <c>&lt;=</c>, <c>&gt;</c>, <c>&gt;=</c>.</param>
/// <param name="Value">What the column is compared with.</param>
public readonly record struct Where(string Column, string Function, OvsdbValue Value)
{
    /// <summary>The one row of this UUID; the only condition that costs a server no scan.</summary>
    public static Where Uuid(Guid id) => new("_uuid", "==", id);

    /// <summary>The column holds exactly this.</summary>
    public static Where Equal(string column, OvsdbValue value) => new(column, "==", value);

    /// <summary>The column, a set or map, holds all of this and perhaps more.</summary>
    public static Where Includes(string column, OvsdbValue value) => new(column, "includes", value);
}
