namespace Ovsdb;

/// <summary>The schema of a column (RFC 7047 §3.2 <c>&lt;column-schema&gt;</c>).</summary>
/// <param name="Name">The name of the column.</param>
/// <param name="Type">The type of its values.</param>
/// <param name="IsMutable">False if only an insert can set the column.</param>
/// <param name="IsEphemeral">True if the server does not save the column: a restart resets it to its default.</param>
public sealed record ColumnSchema(string Name, ColumnType Type, bool IsMutable, bool IsEphemeral);
