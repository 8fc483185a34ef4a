namespace Ovsdb;

/// <summary>
/// A condition on a column (RFC 7047 §5.1). An operation selects the rows for which all its conditions hold, a monitor those for which any
/// holds.
/// </summary>
/// <param name="Column">The name of the column.</param>
/// <param name="Function">
/// <c>==</c>, <c>!=</c>, <c>includes</c>, <c>excludes</c>, or for numbers <c>&lt;</c>, <c>&lt;=</c>, <c>&gt;</c>, <c>&gt;=</c>.
/// </param>
/// <param name="Value">The value to compare the column with.</param>
public readonly record struct Where(string Column, string Function, OvsdbValue Value)
{
    /// <summary>Matches the row with this UUID. It is the only condition for which a server does not scan the table.</summary>
    public static Where Uuid(Guid id) => new("_uuid", "==", id);

    /// <summary>Matches rows whose column equals the value.</summary>
    public static Where Equal(string column, OvsdbValue value) => new(column, "==", value);

    /// <summary>Matches rows whose column, a set or a map, contains all elements of the value.</summary>
    public static Where Includes(string column, OvsdbValue value) => new(column, "includes", value);
}
