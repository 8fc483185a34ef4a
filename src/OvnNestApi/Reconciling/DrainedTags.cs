using OvnNestApi.Northbound;
using Ovsdb;

namespace OvnNestApi.Reconciling;

/// <summary>Finds released tags that the NB no longer contains.</summary>
internal static class DrainedTags
{
    /// <summary>Returns the draining leases whose tag the NB no longer contains, with the <c>nb_cfg</c> that proves it.</summary>
    public static async Task<Dictionary<Guid, long>> FindAsync(
        NorthboundDb nb,
        DesiredState desired,
        Delivery delivery,
        CancellationToken cancellationToken
    )
    {
        var (drained, withoutBarrier) = (new Dictionary<Guid, long>(), new List<Guid>());
        foreach (var lease in desired.Draining.Where(lease => !IsInNorthbound(nb.Replica, desired, lease)))
        {
            if (delivery.NbCfg.TryGetValue(new(OwnerKind.Container, lease.ContainerId), out var nbCfg))
            {
                drained[lease.Id] = nbCfg;
            }
            else
            {
                withoutBarrier.Add(lease.Id);
            }
        }

        // This delivery did not remove these tags: northd or another client did, or they never were in the NB. One barrier proves all.
        if (
            withoutBarrier.Count > 0
            && nb.IsSynced
            && await nb.TransactAsync([], counts: true, cancellationToken) is { NbCfg: { } barrier }
        )
        {
            withoutBarrier.ForEach(lease => drained[lease] = barrier);
        }

        return drained;
    }

    private static bool IsInNorthbound(ReplicaSnapshot replica, DesiredState desired, DrainingLease lease) =>
        replica.WithTag(desired.Port(lease.VmId).PortName, lease.Tag).Any()
        || replica.OfResource(Tables.SwitchPort, lease.ContainerId).Any(row => row["tag"] == lease.Tag || row["tag_request"] == lease.Tag);
}
