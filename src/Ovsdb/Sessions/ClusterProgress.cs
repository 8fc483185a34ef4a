namespace Ovsdb;

/// <summary>How far a client has seen a cluster's log, so that it does not go back in time when it goes to another member (ovsdb-server(5), <c>index</c>).
/// A cluster that was made anew has another id, and begins anew.</summary>
internal sealed class ClusterProgress
{
    private Guid _cluster;

    /// <summary>The newest position that was seen.</summary>
    public long Index { get; private set; }

    /// <summary>Whether a member at this position is older than what was seen; else it is noted.</summary>
    public bool IsBehind(Guid cluster, long index)
    {
        if (cluster == _cluster && index < Index)
        {
            return true;
        }

        (_cluster, Index) = (cluster, index);
        return false;
    }
}
