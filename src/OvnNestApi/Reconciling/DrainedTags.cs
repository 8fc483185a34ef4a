using OvnNestApi.Northbound;
using Ovsdb;

namespace OvnNestApi.Reconciling;

/// <summary>Finds released tags of which the NB no longer contains our rows.</summary>
internal static class DrainedTags
{
    /// <summary>
    /// Returns the leases whose tags no row of ours has, with the <c>nb_cfg</c> that proves it. Rows of others do not hold up a release,
    /// but keep the tag from being granted again.
    /// </summary>
    /// <param name="isFull">True if <paramref name="desired"/> contains all resources, so that rows of unknown owners are found.</param>
    public static async Task<Dictionary<Guid, DrainedTag>> FindAsync(
        NorthboundDb nb,
        DesiredState desired,
        Delivery delivery,
        bool isFull,
        CancellationToken cancellationToken
    )
    {
        var (drained, withoutBarrier) = (new Dictionary<Guid, DrainedTag>(), new List<(Guid Lease, string? UsedBy)>());
        foreach (var (lease, usedBy) in Released(nb, desired, isFull))
        {
            if (delivery.NbCfg.TryGetValue(new(OwnerKind.Container, lease.ContainerId), out var nbCfg))
            {
                drained[lease.Id] = new(nbCfg, usedBy);
            }
            else
            {
                withoutBarrier.Add((lease.Id, usedBy));
            }
        }

        // This delivery did not remove these tags: northd or another client did, or they never were in the NB. One barrier proves all.
        if (
            withoutBarrier.Count > 0
            && nb.IsSynced
            && await nb.TransactAsync([], counts: true, cancellationToken) is { NbCfg: { } barrier }
        )
        {
            withoutBarrier.ForEach(one => drained[one.Lease] = new(barrier, one.UsedBy));
        }

        return drained;
    }

    /// <summary>Returns the leases whose tags no row of ours has, each with the row of others that has the tag.</summary>
    private static IEnumerable<(DrainingLease Lease, string? UsedBy)> Released(NorthboundDb nb, DesiredState desired, bool isFull)
    {
        foreach (var lease in desired.Draining)
        {
            var rows = RowsWith(nb.Replica, desired, lease).ToList();
            if (rows.TrueForAll(IsForeign))
            {
                yield return (lease, rows.Count == 0 ? null : ForeignUse.NameOf(rows[0]));
            }
        }

        bool IsForeign(Row row) => nb.Ownership.OwnerOf(row) is not { } owner || (isFull && !desired.Resources.ContainsKey(owner.Id));
    }

    private static IEnumerable<Row> RowsWith(ReplicaSnapshot replica, DesiredState desired, DrainingLease lease) =>
        replica
            .WithTag(desired.Port(lease.VmId).PortName, lease.Tag)
            .Concat(
                replica
                    .OfResource(Tables.SwitchPort, lease.ContainerId)
                    .Where(row => row["tag"] == lease.Tag || row["tag_request"] == lease.Tag)
            );
}

/// <summary>A released tag that no row of ours has.</summary>
/// <param name="NbCfg">The <c>nb_cfg</c> that proves it.</param>
/// <param name="UsedBy">A port of others that has the tag, see <see cref="Schema.VlanLease.UsedBy"/>; null if there is none.</param>
internal readonly record struct DrainedTag(long NbCfg, string? UsedBy);
