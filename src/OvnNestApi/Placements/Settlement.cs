using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using OvnNestApi.Allocation;
using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Placements;

/// <summary>
/// Advances releases and deletions according to what the NB and the hosts have confirmed: drained tags cool down or pass to successors, and
/// removed resources are deleted. An unnecessary call changes nothing. Part of the caller's transaction.
/// </summary>
internal sealed class Settlement(IOptions<LeaseOptions> options)
{
    private const string Lock = "SELECT id FROM vms WHERE id = ANY(@vms) ORDER BY id FOR NO KEY UPDATE";

    private const string PlaceableVms = $"""
        SELECT v.id FROM vms v WHERE v.id = ANY(@vms) AND {PlacementWriter.IsPlaced}
          AND NOT EXISTS (SELECT FROM placements p WHERE p.host_id = v.host_id AND p.object_id = v.id AND p.wanted)
        """;

    /// <summary>Settles these VMs and their containers. Locks the VMs' rows first.</summary>
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

        await StartAsync(db, passed.Concat(freed), cancellationToken);
        var placeable = await db.QueryAsync(PlaceableVms, row => row.GetGuid(0), cancellationToken, vms);
        foreach (var vm in placeable.Concat(successors).Distinct())
        {
            await db.MarkVmAsync(vm, cancellationToken);
            await PlacementWriter.RefreshAsync(db, vm, cancellationToken);
        }

        await Readiness.EvaluateAsync(db, retagged.OfType<Guid>().ToList(), cancellationToken);
    }

    /// <summary>Marks containers that got a tag or a name as dirty, and places them on their host.</summary>
    private static async Task StartAsync(NestDb db, IEnumerable<(Guid Vm, Guid? Container)> successors, CancellationToken cancellationToken)
    {
        var byVm = successors.Where(child => child.Container is not null).GroupBy(child => child.Vm, child => child.Container ?? default);
        foreach (var children in byVm)
        {
            var containers = children.Distinct().ToArray();
            await db.ExecuteAsync(
                "UPDATE containers SET dirty_seq = nextval('dirty_seq') WHERE id = ANY(@containers)",
                cancellationToken,
                ("containers", containers)
            );
            await PlacementWriter.RefreshAsync(db, children.Key, containers, cancellationToken);
        }
    }

    /// <summary>Deletes the networks, routers and hosts whose deletion was requested and of which nothing is left.</summary>
    public static async Task SettleNetworksAsync(NestDb db, CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);
        foreach (var successor in await db.QueryAsync(Removals.Networks, row => row.GetGuid(0), cancellationToken))
        {
            await db.MarkNetworkAsync(successor, cancellationToken);
        }

        foreach (var successor in await db.QueryAsync(Removals.Routers, row => row.GetGuid(0), cancellationToken))
        {
            await db.ExecuteAsync(
                """
                UPDATE routers SET dirty_seq = nextval('dirty_seq') WHERE id = @router;
                UPDATE networks SET dirty_seq = nextval('dirty_seq') WHERE router_id = @router
                """,
                cancellationToken,
                ("router", successor)
            );
        }

        await db.ExecuteAsync(Removals.Hosts, cancellationToken);
    }

    /// <summary>
    /// Carries out an administrator's statement that no host uses the VM (with its containers) or container any more: pending removals are
    /// dropped. If a former host of a VM that stays had not confirmed the removal, the VM's port gets another name, which the interface on
    /// that host does not match.
    /// </summary>
    public async Task ForceObjectAsync(NestDb db, Guid objectId, CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);
        var vms = await db.QueryAsync(
            "SELECT id FROM vms WHERE id = @id UNION SELECT vm_id FROM containers WHERE id = @id",
            row => row.GetGuid(0),
            cancellationToken,
            ("id", objectId)
        );
        await db.QueryAsync(Lock, row => row.GetGuid(0), cancellationToken, ("vms", vms.ToArray()));
        var isRenamed = await db.ExecuteAsync(ForcedRelease.LeaveFormerHosts, cancellationToken, ("vm", objectId)) > 0;
        await db.ExecuteAsync(ForcedRelease.DropObject, cancellationToken, ("id", objectId));
        if (isRenamed)
        {
            await db.MarkVmAsync(objectId, cancellationToken);
        }

        foreach (var vm in vms)
        {
            await PlacementWriter.RefreshAsync(db, vm, cancellationToken);
        }

        await SettleAsync(db, vms, cancellationToken);
    }

    /// <summary>Carries out an administrator's statement that the host never returns: its pending removals are dropped.</summary>
    public async Task ForceHostAsync(NestDb db, Guid hostId, CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);
        var vms = await db.QueryAsync(ForcedRelease.VmsOfHost, row => row.GetGuid(0), cancellationToken, ("host", hostId));
        await db.QueryAsync(Lock, row => row.GetGuid(0), cancellationToken, ("vms", vms.ToArray()));
        foreach (var vm in vms)
        {
            if (await db.ExecuteAsync(ForcedRelease.LeaveFormerHosts, cancellationToken, ("vm", vm)) > 0)
            {
                await db.MarkVmAsync(vm, cancellationToken);
            }
        }

        await db.ExecuteAsync(ForcedRelease.DropHost, cancellationToken, ("host", hostId));
        await SettleAsync(db, vms, cancellationToken);
    }

    /// <summary>
    /// Carries out an administrator's statement that no host uses the tag: draining and cooling end as soon as the NB no longer contains
    /// it.
    /// </summary>
    public async Task ForceLeaseAsync(NestDb db, Guid leaseId, CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);
        await db.ExecuteAsync(ForcedRelease.DropLease, cancellationToken, ("lease", leaseId));
        var vms = await db.VlanLeases.Where(l => l.Id == leaseId).Select(l => l.VmId).ToListAsync(cancellationToken);
        await SettleAsync(db, vms, cancellationToken);
        await db.ExecuteAsync(
            "UPDATE vlan_leases SET cool_until = now() WHERE id = @lease AND state = 'Cooling'",
            cancellationToken,
            ("lease", leaseId)
        );
        foreach (var vm in vms)
        {
            await Expiry.SweepVmAsync(db, vm, cancellationToken);
        }
    }

    private static (Guid Vm, Guid? Container) ReadChild(Npgsql.NpgsqlDataReader row) =>
        (row.GetGuid(0), row.IsDBNull(1) ? null : row.GetGuid(1));
}
