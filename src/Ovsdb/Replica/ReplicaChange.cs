namespace Ovsdb;

/// <summary>The changes of a replica by one update or one load.</summary>
/// <param name="Snapshot">The replica after the changes.</param>
/// <param name="Reloaded">
/// True if the whole replica was loaded again. <paramref name="Rows"/> is then the difference to the previous contents and may be empty.
/// </param>
/// <param name="Rows">The rows that were inserted, changed or deleted, each once.</param>
public sealed record ReplicaChange(ReplicaSnapshot Snapshot, bool Reloaded, IReadOnlyList<RowChange> Rows);
