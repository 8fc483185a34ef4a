namespace Ovsdb;

/// <summary>How far a client's copy can be trusted.</summary>
public enum OvsdbClientState
{
    /// <summary>No connection yet, and no copy.</summary>
    Connecting,

    /// <summary>Connected; the first copy is on its way.</summary>
    Loading,

    /// <summary>The copy is complete and follows the server.</summary>
    Synced,

    /// <summary>Was synced, then the link was lost, or the server has removed or converted the database: the copy is kept to be read, not to decide by,
    /// until it is loaded again.</summary>
    Stale,
}
