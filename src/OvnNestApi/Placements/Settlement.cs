using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using OvnNestApi.Allocation;
using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Placements;

/// <summary>
/// Applies what the NB and the hosts have confirmed: releases end, successors get their names and tags, deleted resources are removed. Part
/// of the caller's transaction. Calling it without news changes nothing.
/// </summary>
/// <param name="removals">Kinds that are not placed on hosts, those first that depend on others.</param>
internal sealed class Settlement(
    IOptions<LeaseOptions> options,
    IOptions<HostOptions> hostOptions,
    Readiness readiness,
    IEnumerable<KindRemoval> removals
)
{
    private const string Lock = "SELECT id FROM vms WHERE id = ANY(@vms) ORDER BY id FOR NO KEY UPDATE";

    private const string PlaceableVms = $"""
        SELECT v.id FROM vms v WHERE v.id = ANY(@vms) AND {PlacementWriter.IsPlaced}
          AND NOT EXISTS (SELECT FROM placements p WHERE p.host_id = v.host_id AND p.object_id = v.id AND p.wanted)
        """;

    private (string, object?) Silent => ("silent", hostOptions.Value.SilentAfter);

    /// <summary>Settles these VMs and their containers. Locks the rows of the VMs first.</summary>
    public async Task SettleAsync(NestDb db, IReadOnlyCollection<Guid> vmIds, CancellationToken cancellationToken)
    {
        if (vmIds.Count == 0)
        {
            return;
        }

        await db.SaveChangesAsync(cancellationToken);
        (string, object?) vms = ("vms", vmIds.ToArray());
        await db.QueryAsync(Lock, row => row.GetGuid(0), cancellationToken, vms);
        var retagged = await db.QueryAsync(
            Releases.DropHolds,
            row => row.IsDBNull(0) ? (Guid?)null : row.GetGuid(0),
            cancellationToken,
            vms
        );
        var passed = await db.QueryAsync(Releases.PassOn, ReadChild, cancellationToken, vms);
        await db.ExecuteAsync(Releases.Cool, cancellationToken, vms, ("cooldown", options.Value.Cooldown));
        var freed = await db.QueryAsync(Removals.Containers, ReadChild, cancellationToken, vms);
        var successors = await db.QueryAsync(Removals.Vms, row => row.GetGuid(0), cancellationToken, vms);

        await ContinueAsync(db, passed.Concat(freed), cancellationToken);
        var placeable = await db.QueryAsync(PlaceableVms, row => row.GetGuid(0), cancellationToken, vms);
        var changed = placeable.Union(successors).ToList();
        await db.MarkVmsAsync(changed, cancellationToken);
        await PlacementWriter.RefreshAsync(db, changed, [], cancellationToken);

        await readiness.EvaluateAsync(db, retagged.OfType<Guid>().ToList(), cancellationToken);
    }

    /// <summary>Marks containers that have got their name or tag as dirty, and places them.</summary>
    private static async Task ContinueAsync(NestDb db, IEnumerable<(Guid Vm, Guid? Container)> ready, CancellationToken cancellationToken)
    {
        var containers = ready.Select(child => child.Container).OfType<Guid>().Distinct().ToArray();
        if (containers.Length > 0)
        {
            await db.ExecuteAsync(
                "UPDATE containers SET dirty_seq = nextval('dirty_seq') WHERE id = ANY(@containers)",
                cancellationToken,
                ("containers", containers)
            );
            await PlacementWriter.RefreshAsync(db, [], containers, cancellationToken);
        }
    }

    /// <summary>Removes resources of the other kinds whose deletion was requested and whose removal is confirmed.</summary>
    public async Task SettleOthersAsync(NestDb db, CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);
        foreach (var kind in removals)
        {
            var successors = await db.QueryAsync(kind.Statement, row => row.GetGuid(0), cancellationToken);
            if (successors.Count > 0 && kind.MarkSuccessors is { } mark)
            {
                await db.ExecuteAsync(mark, cancellationToken, ("ids", successors.ToArray()));
            }
        }
    }

    /// <summary>
    /// Stops waiting for what silent hosts have not confirmed of a VM with its containers, or of a container. If a silent former host of a
    /// VM that stays has not confirmed its removal, the VM's port gets another name, which does not match the interface on that host.
    /// </summary>
    /// <returns>True if there was something to stop waiting for.</returns>
    public async Task<bool> ForceObjectAsync(NestDb db, Guid objectId, CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);
        var vms = await db.QueryAsync(
            "SELECT id FROM vms WHERE id = @id UNION SELECT vm_id FROM containers WHERE id = @id",
            row => row.GetGuid(0),
            cancellationToken,
            ("id", objectId)
        );
        await db.QueryAsync(Lock, row => row.GetGuid(0), cancellationToken, ("vms", vms.ToArray()));
        await LeaveFormerHostsAsync(db, [objectId], cancellationToken);
        var dropped = await db.ExecuteAsync(ForcedRelease.DropObject, cancellationToken, ("id", objectId), Silent);
        await PlacementWriter.RefreshAsync(db, vms, [], cancellationToken);
        await SettleAsync(db, vms, cancellationToken);
        return dropped > 0;
    }

    /// <summary>Drops all pending confirmations of a host that is silent: an admin states that it does not return.</summary>
    /// <returns>True if there was something to drop.</returns>
    public async Task<bool> ForceHostAsync(NestDb db, Guid hostId, CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);
        var vms = await db.QueryAsync(ForcedRelease.VmsOfHost, row => row.GetGuid(0), cancellationToken, ("host", hostId));
        await db.QueryAsync(Lock, row => row.GetGuid(0), cancellationToken, ("vms", vms.ToArray()));
        await LeaveFormerHostsAsync(db, [.. vms], cancellationToken);
        var dropped = await db.ExecuteAsync(ForcedRelease.DropHost, cancellationToken, ("host", hostId), Silent);
        await SettleAsync(db, vms, cancellationToken);
        return dropped > 0;
    }

    /// <summary>
    /// Stops waiting for what silent hosts, and chassis without an agent, have not confirmed of a tag. Draining and cooling end when the NB
    /// and the other hosts no longer have the tag.
    /// </summary>
    public async Task ForceLeaseAsync(NestDb db, Guid leaseId, CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);
        await db.ExecuteAsync(ForcedRelease.DropLease, cancellationToken, ("lease", leaseId), Silent);
        var vms = await db.VlanLeases.Where(l => l.Id == leaseId).Select(l => l.VmId).ToListAsync(cancellationToken);
        await SettleAsync(db, vms, cancellationToken);
        await db.ExecuteAsync(
            "UPDATE vlan_leases SET cool_until = now() WHERE id = @lease AND state = 'Cooling'",
            cancellationToken,
            ("lease", leaseId)
        );
        await Expiry.SweepVmsAsync(db, vms, cancellationToken);
    }

    private async Task LeaveFormerHostsAsync(NestDb db, Guid[] vms, CancellationToken cancellationToken)
    {
        var left = await db.QueryAsync(ForcedRelease.LeaveFormerHosts, row => row.GetGuid(0), cancellationToken, ("vms", vms), Silent);
        if (left.Count > 0)
        {
            await db.MarkVmsAsync(left, cancellationToken);
        }
    }

    private static (Guid Vm, Guid? Container) ReadChild(Npgsql.NpgsqlDataReader row) =>
        (row.GetGuid(0), row.IsDBNull(1) ? null : row.GetGuid(1));
}
