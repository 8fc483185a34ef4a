namespace Ovsdb;

/// <summary>What one update, or one load, changed in the copy.</summary>
/// <param name="Snapshot">The copy after it.</param>
/// <param name="Reloaded">True if the whole copy was loaded anew; <paramref name="Rows"/> is then the difference to the former copy, often empty.</param>
/// <param name="Rows">The rows that were inserted, changed or deleted, each once.</param>
public sealed record ReplicaChange(ReplicaSnapshot Snapshot, bool Reloaded, IReadOnlyList<RowChange> Rows);

/// <summary>One row's change.</summary>
/// <param name="Table">The row's table.</param>
/// <param name="Uuid">The row.</param>
/// <param name="Before">What it was; null if it is new, or has come to match a condition.</param>
/// <param name="After">What it is; null if it is deleted, or matches no condition any more.</param>
public readonly record struct RowChange(string Table, Guid Uuid, Row? Before, Row? After);
