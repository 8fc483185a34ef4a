using Microsoft.EntityFrameworkCore;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Schema;
using OvnNestApi.Work;

namespace OvnNestApi.Conditions;

/// <summary>Derives every object's <see cref="Resource.Reason"/> from what is stored of it.</summary>
internal static class Readiness
{
    // Asked for before the rest: "this or that" in one statement is planned for so many rows that it reads all leases, for one container too.
    private const string OwnContainers =
        "SELECT id FROM containers WHERE id = ANY(@ids) UNION SELECT id FROM containers WHERE vm_id = ANY(@ids)";

    /// <summary>
    /// Evaluates networks, routers, hosts, VMs (with their containers) and containers, whichever the ids name, and writes reason, message, since and
    /// observedAt where they changed, with a change row "status" each. Part of the caller's transaction, which has locked the VMs' rows in an earlier
    /// statement: else it might judge by what another transaction is just about to change, and write that over the other's verdict.
    /// </summary>
    public static async Task EvaluateAsync(NestDb db, IReadOnlyCollection<Guid> objectIds, CancellationToken cancellationToken)
    {
        if (objectIds.Count == 0)
        {
            return;
        }

        await db.SaveChangesAsync(cancellationToken);
        var ids = objectIds.Distinct().ToArray();
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
                    HasHostSide = false,
                    IsUp = true,
                },
            })
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(r => new ConditionUpdate(r.Stored, r.Facts.Judge()));
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
                    HasHostSide = false,
                    IsUp = true,
                },
            })
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(r => new ConditionUpdate(r.Stored, r.Facts.Judge()));
    }

    private static async Task<List<ConditionUpdate>> OfHostsAsync(NestDb db, Guid[] ids, CancellationToken cancellationToken)
    {
        var rows = await db
            .Hosts.Where(h => ids.Contains(h.Id))
            .Select(h => new
            {
                Stored = new StoredCondition(h.Id, h.Reason, h.Message, h.ObservedAt),
                IsDeleting = h.DeletingSince != null,
                Owes = db.Placements.Count(p => p.HostId == h.Id),
            })
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(r => new ConditionUpdate(
            r.Stored,
            r.IsDeleting
                ? (Reason.Deleting, $"It is being deleted, and has not confirmed the removal of {r.Owes} objects.")
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
                    HasHostSide = v.Workload != Workload.None,
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
            ).Judge()
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
                    HasHostSide = c.Workload != Workload.None && v.Workload != Workload.None,
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
            ).Judge()
        ));
    }
}
