namespace Ovsdb;

/// <summary>Settings of a client that apply to each of its sessions.</summary>
/// <param name="Database">The name of the database.</param>
/// <param name="LeaderOnly">Whether only the leader of a cluster is usable.</param>
/// <param name="Indexes">The indexes of the replica.</param>
/// <param name="ConnectionOptions">Limits and timeouts of the connection.</param>
internal sealed record SessionOptions(
    string Database,
    bool LeaderOnly,
    IReadOnlyList<ReplicaIndex> Indexes,
    OvsdbConnectionOptions ConnectionOptions
);
