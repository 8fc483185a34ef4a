namespace Ovsdb;

/// <summary>The state of a client, which says how current its replica is.</summary>
public enum OvsdbClientState
{
    /// <summary>Not connected, and the replica is empty.</summary>
    Connecting,

    /// <summary>Connected; the replica is being loaded for the first time.</summary>
    Loading,

    /// <summary>The replica is complete and follows the server.</summary>
    Synced,

    /// <summary>
    /// The link was lost, or the server has removed or converted the database. The replica keeps its last contents until it is loaded
    /// again: they can be read, but decisions must not be based on them.
    /// </summary>
    Stale,
}
