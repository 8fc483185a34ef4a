using Microsoft.EntityFrameworkCore;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Schema;
using OvnNestApi.Work;

namespace OvnNestApi.Conditions;

/// <summary>Evaluates and stores the condition (<see cref="Resource.Reason"/>) of resources from their stored state.</summary>
internal static class Readiness
{
    // A separate query: with this OR inside the main statement, the planner expects many rows and reads all leases, even for one container.
    private const string OwnContainers =
        "SELECT id FROM containers WHERE id = ANY(@ids) UNION SELECT id FROM containers WHERE vm_id = ANY(@ids)";

    /// <summary>
    /// Evaluates the resources with these ids (for a VM also its containers), and writes reason, message, since and observedAt where they
    /// have changed, with a change row of action "status". Part of the caller's transaction, which must have locked the rows of the VMs in
    /// an earlier statement: otherwise a result that is based on outdated rows could overwrite the result of a concurrent transaction.
    /// </summary>
    public static async Task EvaluateAsync(NestDb db, IReadOnlyCollection<Guid> resourceIds, CancellationToken cancellationToken)
    {
        if (resourceIds.Count == 0)
        {
            return;
        }

        await db.SaveChangesAsync(cancellationToken);
        var ids = resourceIds.Distinct().ToArray();
        await ConditionWriter.WriteAsync(db, "networks", "network", await OfNetworksAsync(db, ids, cancellationToken), cancellationToken);
        await ConditionWriter.WriteAsync(db, "routers", "router", await OfRoutersAsync(db, ids, cancellationToken), cancellationToken);
        await ConditionWriter.WriteAsync(db, "hosts", "host", await OfHostsAsync(db, ids, cancellationToken), cancellationToken);
        await ConditionWriter.WriteAsync(db, "vms", "vm", await OfVmsAsync(db, ids, cancellationToken), cancellationToken);
        await ConditionWriter.WriteAsync(
            db,
            "containers",
            "container",
            await OfContainersAsync(db, ids, cancellationToken),
            cancellationToken
        );
    }

    private static async Task<List<ConditionUpdate>> OfNetworksAsync(NestDb db, Guid[] ids, CancellationToken cancellationToken)
    {
        var rows = await db
            .Networks.Where(n => ids.Contains(n.Id))
            .Select(n => new
            {
                Stored = new StoredCondition(n.Id, n.Reason, n.Message, n.ObservedAt),
                Facts = new PortFacts
                {
                    IsDeleting = n.DeletingSince != null,
                    IsReplacing = db.Networks.Any(p => p.Name == n.Name && p.Id != n.Id && p.DeletingSince != null),
                    IsProgrammed = n.InNorthbound,
                    RejectedAs = n.RejectedAs,
                    Rejection = n.Rejection,
                    HasDevice = false,
                    IsUp = true,
                },
            })
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(r => new ConditionUpdate(r.Stored, r.Facts.Evaluate()));
    }

    private static async Task<List<ConditionUpdate>> OfRoutersAsync(NestDb db, Guid[] ids, CancellationToken cancellationToken)
    {
        var rows = await db
            .Routers.Where(n => ids.Contains(n.Id))
            .Select(n => new
            {
                Stored = new StoredCondition(n.Id, n.Reason, n.Message, n.ObservedAt),
                Facts = new PortFacts
                {
                    IsDeleting = n.DeletingSince != null,
                    IsReplacing = db.Routers.Any(p => p.Name == n.Name && p.Id != n.Id && p.DeletingSince != null),
                    IsProgrammed = n.InNorthbound,
                    RejectedAs = n.RejectedAs,
                    Rejection = n.Rejection,
                    HasDevice = false,
                    IsUp = true,
                },
            })
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(r => new ConditionUpdate(r.Stored, r.Facts.Evaluate()));
    }

    private static async Task<List<ConditionUpdate>> OfHostsAsync(NestDb db, Guid[] ids, CancellationToken cancellationToken)
    {
        var rows = await db
            .Hosts.Where(h => ids.Contains(h.Id))
            .Select(h => new
            {
                Stored = new StoredCondition(h.Id, h.Reason, h.Message, h.ObservedAt),
                IsDeleting = h.DeletingSince != null,
                PendingRemovals = db.Placements.Count(p => p.HostId == h.Id),
            })
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(r => new ConditionUpdate(
            r.Stored,
            r.IsDeleting
                ? (Reason.Deleting, $"The host is being deleted. It has not confirmed the removal of {r.PendingRemovals} resources yet.")
                : (Reason.Ready, "")
        ));
    }

    private static async Task<List<ConditionUpdate>> OfVmsAsync(NestDb db, Guid[] ids, CancellationToken cancellationToken)
    {
        var vms = db.Vms.Where(v => ids.Contains(v.Id));
        var digests = (await DesiredWork.OfVmsAsync(db, vms, cancellationToken)).ToDictionary(w => w.Id, w => w.Digest);
        var rows = await (
            from v in vms
            from p in db.Placements.Where(p => p.HostId == v.HostId && p.ObjectId == v.Id && p.Wanted).DefaultIfEmpty()
            from h in db.Hosts.Where(h => h.Id == v.HostId).DefaultIfEmpty()
            select new
            {
                Stored = new StoredCondition(v.Id, v.Reason, v.Message, v.ObservedAt),
                p.Digest,
                IsLinked = v.UplinkInterface != null || (bool?)p.OvnInstalled == true,
                Facts = new PortFacts
                {
                    IsDeleting = v.DeletingSince != null,
                    WaitsFor =
                        v.InNorthbound && v.DeletingSince != null
                            ? "the northbound database"
                            : (
                                from g in db.Vms
                                where g.Name == v.Name && g.DeletingSince != null
                                join o in db.Placements on g.Id equals o.VmId
                                join x in db.Hosts on o.HostId equals x.Id
                                where !o.Wanted
                                select "host " + x.Name
                            ).FirstOrDefault(),
                    IsReplacing = db.Vms.Any(o => o.Name == v.Name && o.Id != v.Id && o.DeletingSince != null),
                    FormerHost = (
                        from o in db.Placements
                        join x in db.Hosts on o.HostId equals x.Id
                        where o.VmId == v.Id && o.HostId != v.HostId
                        select x.Name
                    ).FirstOrDefault(),
                    IsProgrammed = v.InNorthbound,
                    RejectedAs = v.RejectedAs,
                    Rejection = v.Rejection,
                    HasDevice = v.Workload != Workload.None,
                    Host = h.Name,
                    HostError = p.Error,
                    IsUp = v.Up,
                    IsEnabled = v.Enabled,
                },
            }
        ).ToListAsync(cancellationToken);
        return rows.ConvertAll(r => new ConditionUpdate(
            r.Stored,
            (
                r.Facts with
                {
                    IsConfirmed = r.IsLinked && r.Digest is not null && r.Digest == digests.GetValueOrDefault(r.Stored.Id),
                }
            ).Evaluate()
        ));
    }

    private static async Task<List<ConditionUpdate>> OfContainersAsync(NestDb db, Guid[] ids, CancellationToken cancellationToken)
    {
        var own = (await db.QueryAsync(OwnContainers, row => row.GetGuid(0), cancellationToken, ("ids", ids))).ToArray();
        if (own.Length == 0)
        {
            return [];
        }

        var containers = db.Containers.Where(c => own.Contains(c.Id));
        var digests = (await DesiredWork.OfContainersAsync(db, containers, cancellationToken)).ToDictionary(
            w => w.Work.Id,
            w => w.Work.Digest
        );
        var rows = await (
            from c in containers
            join v in db.Vms on c.VmId equals v.Id
            from p in db.Placements.Where(p => p.HostId == v.HostId && p.ObjectId == c.Id && p.Wanted).DefaultIfEmpty()
            from q in db.Placements.Where(q => q.HostId == v.HostId && q.ObjectId == v.Id && q.Wanted).DefaultIfEmpty()
            from h in db.Hosts.Where(h => h.Id == v.HostId).DefaultIfEmpty()
            select new
            {
                Stored = new StoredCondition(c.Id, c.Reason, c.Message, c.ObservedAt),
                p.Digest,
                IsLinked = q.Digest != null && (v.UplinkInterface != null || (bool?)q.OvnInstalled == true),
                Facts = new PortFacts
                {
                    IsDeleting = c.DeletingSince != null,
                    WaitsFor =
                        c.InNorthbound && c.DeletingSince != null
                            ? "the northbound database"
                            : (
                                from g in db.Containers
                                where g.VmId == c.VmId && g.Name == c.Name && g.DeletingSince != null
                                join o in db.Placements on g.Id equals o.ObjectId
                                join x in db.Hosts on o.HostId equals x.Id
                                where !o.Wanted
                                select "host " + x.Name
                            ).FirstOrDefault(),
                    IsReplacing =
                        db.Containers.Any(o => o.VmId == c.VmId && o.Name == c.Name && o.Id != c.Id && o.DeletingSince != null)
                        || !db.VlanLeases.Any(l =>
                            l.VmId == c.VmId && l.Tag == c.Tag && l.ContainerId == c.Id && l.State == LeaseState.Bound
                        ),
                    FormerHost = (
                        from o in db.Placements
                        join x in db.Hosts on o.HostId equals x.Id
                        where o.VmId == v.Id && o.HostId != v.HostId
                        select x.Name
                    ).FirstOrDefault(),
                    IsProgrammed = c.InNorthbound,
                    RejectedAs = c.RejectedAs,
                    Rejection = c.Rejection,
                    HasDevice = c.Workload != Workload.None && v.Workload != Workload.None,
                    Host = h.Name,
                    HostError = p.Error ?? q.Error,
                    FormerTag = (
                        from l in db.VlanLeases
                        where
                            l.ContainerId == c.Id
                            && l.State == LeaseState.Draining
                            && db.LeaseHolds.Any(o => o.LeaseId == l.Id && o.HostId == v.HostId)
                        select (int?)l.Tag
                    ).FirstOrDefault(),
                    IsParentUp = v.Up,
                    IsUp = c.Up,
                    Tag = c.Tag,
                    ObservedTag = c.ObservedTag,
                    IsEnabled = c.Enabled,
                },
            }
        ).ToListAsync(cancellationToken);
        return rows.ConvertAll(r => new ConditionUpdate(
            r.Stored,
            (
                r.Facts with
                {
                    IsConfirmed = r.IsLinked && r.Digest is not null && r.Digest == digests.GetValueOrDefault(r.Stored.Id),
                }
            ).Evaluate()
        ));
    }
}
