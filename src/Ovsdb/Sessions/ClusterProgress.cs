namespace Ovsdb;

/// <summary>
/// The newest position in a cluster's log that a client has seen, so that it does not return to older contents when it connects to another
/// member (ovsdb-server(5), column <c>index</c>). A cluster that was created again has another id, and its log starts again.
/// </summary>
internal sealed class ClusterProgress
{
    private Guid _cluster;

    /// <summary>The newest position.</summary>
    public long Index { get; private set; }

    /// <summary>Advances to the position of a member. Returns false, and stays, if the member is behind.</summary>
    public bool TryAdvance(Guid cluster, long index)
    {
        if (cluster == _cluster && index < Index)
        {
            return false;
        }

        (_cluster, Index) = (cluster, index);
        return true;
    }
}
