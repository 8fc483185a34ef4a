namespace Ovsdb;

/// <summary>The result of an operation (RFC 7047 §5.2).</summary>
/// <param name="Uuid">The UUID of the row that an insert created; null for other operations.</param>
/// <param name="Count">
/// The number of rows that an update, mutate or delete matched; 0 for other operations. Matching no row is not an error.
/// </param>
/// <param name="Rows">The rows that a select returned; empty for other operations.</param>
public sealed record OpResult(Guid? Uuid, long Count, IReadOnlyList<Row> Rows);
