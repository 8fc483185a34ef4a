using Microsoft.EntityFrameworkCore;
using OvnNestApi.Contracts;
using OvnNestApi.Northbound;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>A desired resource as it is read, and the recorded results of earlier passes.</summary>
internal sealed record DesiredRow<T>(T Resource, RecordedState Recorded)
    where T : DesiredResource;

/// <summary>
/// Queries for desired resources, one for each kind. A null list of ids selects all resources. A resource is not wanted in the NB while it
/// is being deleted, or while an earlier incarnation of its name is.
/// </summary>
internal static class DesiredQueries
{
    public static IQueryable<DesiredRow<DesiredRouter>> Routers(NestDb db, IReadOnlyCollection<Guid>? ids) =>
        Select(db.Routers, ids)
            .Select(r => new DesiredRow<DesiredRouter>(
                new()
                {
                    Id = r.Id,
                    Name = r.Name,
                    IsWanted = r.DeletingSince == null && !db.Routers.Any(p => p.Name == r.Name && p.DeletingSince != null && p.Id != r.Id),
                    RouterUuid = r.RouterUuid,
                },
                new(r.DirtySeq, r.ReconciledSeq, r.DeletingSince, r.InNorthbound, r.Rejection, r.RejectedAs, r.RetryAt, r.Rejections)
            ));

    public static IQueryable<DesiredRow<DesiredNetwork>> Networks(NestDb db, IReadOnlyCollection<Guid>? ids) =>
        Select(db.Networks, ids)
            .Select(n => new DesiredRow<DesiredNetwork>(
                new()
                {
                    Id = n.Id,
                    Name = n.Name,
                    IsWanted =
                        n.DeletingSince == null && !db.Networks.Any(p => p.Name == n.Name && p.DeletingSince != null && p.Id != n.Id),
                    SwitchName = n.SwitchName,
                    SwitchExisting = n.SwitchExisting,
                    SwitchUuid = n.SwitchUuid,
                    DhcpUuid = n.DhcpUuid,
                    RouterPortUuid = n.RouterPortUuid,
                    SwitchRouterPortUuid = n.SwitchRouterPortUuid,
                    Subnet = n.Subnet,
                    Gateway = n.Gateway,
                    GatewayMac = n.GatewayMac,
                    RouterId = n.RouterId,
                    DhcpEnabled = n.DhcpEnabled,
                    DhcpLeaseTime = n.DhcpLeaseTime,
                    DhcpOptionsId = n.DhcpOptionsId,
                    DnsServers = n.DnsServers,
                    DomainName = n.DomainName,
                    Mtu = n.Mtu,
                },
                new(n.DirtySeq, n.ReconciledSeq, n.DeletingSince, n.InNorthbound, n.Rejection, n.RejectedAs, n.RetryAt, n.Rejections)
            ));

    public static IQueryable<DesiredRow<DesiredPort>> Vms(NestDb db, IReadOnlyCollection<Guid>? ids)
    {
        var chassis =
            from host in db.Hosts
            join status in db.HostStatus on host.Id equals status.HostId into statuses
            from status in statuses.DefaultIfEmpty()
            select new { HostId = host.Id, Name = host.Chassis ?? status.SystemId };
        return from v in Select(db.Vms, ids)
            // A VM that moves stays on its former host until that host has confirmed the removal, because OVN would keep its containers
            // bound there until then.
            let formerHost = db
                .Placements.Where(p => p.ObjectId == v.Id && p.HostId != v.HostId && p.Kind == RemovalKind.Vm)
                .Select(p => (Guid?)p.HostId)
                .FirstOrDefault()
            select new DesiredRow<DesiredPort>(
                new()
                {
                    Id = v.Id,
                    Name = v.Name,
                    IsWanted = v.DeletingSince == null && !db.Vms.Any(p => p.Name == v.Name && p.DeletingSince != null && p.Id != v.Id),
                    NetworkId = v.NetworkId,
                    PortName = v.PortName,
                    PortUuid = v.PortUuid,
                    Mac = v.Mac,
                    Ip = v.Ip,
                    Enabled = v.Enabled,
                    PortSecurity = v.PortSecurity,
                    Chassis = chassis.Where(c => c.HostId == (formerHost ?? v.HostId)).Select(c => c.Name).FirstOrDefault(),
                },
                new(v.DirtySeq, v.ReconciledSeq, v.DeletingSince, v.InNorthbound, v.Rejection, v.RejectedAs, v.RetryAt, v.Rejections)
                {
                    Up = v.Up,
                    VmId = v.Id,
                }
            );
    }

    /// <summary>A container is also not wanted while its tag is leased to another container.</summary>
    public static IQueryable<DesiredRow<DesiredPort>> Containers(NestDb db, IReadOnlyCollection<Guid>? ids) =>
        Select(db.Containers, ids)
            .Select(c => new DesiredRow<DesiredPort>(
                new()
                {
                    Id = c.Id,
                    Name = c.Name,
                    IsWanted =
                        c.DeletingSince == null
                        && !db.Containers.Any(p => p.VmId == c.VmId && p.Name == c.Name && p.DeletingSince != null && p.Id != c.Id)
                        && db.VlanLeases.Any(l =>
                            l.VmId == c.VmId && l.Tag == c.Tag && l.ContainerId == c.Id && l.State == LeaseState.Bound
                        ),
                    NetworkId = c.NetworkId,
                    PortName = c.PortName,
                    PortUuid = c.PortUuid,
                    Mac = c.Mac,
                    Ip = c.Ip,
                    Enabled = c.Enabled,
                    PortSecurity = c.PortSecurity,
                    VmId = c.VmId,
                    Tag = c.Tag,
                },
                new(c.DirtySeq, c.ReconciledSeq, c.DeletingSince, c.InNorthbound, c.Rejection, c.RejectedAs, c.RetryAt, c.Rejections)
                {
                    Up = c.Up,
                    ObservedTag = c.ObservedTag,
                    VmId = c.VmId,
                }
            ));

    /// <summary>Returns the leases of released tags of these containers that the NB has not been observed without.</summary>
    public static IQueryable<DrainingLease> Draining(NestDb db, IReadOnlyCollection<Guid>? containers)
    {
        var leases = db.VlanLeases.Where(l => l.State == LeaseState.Draining && l.DrainNbCfg == null && l.ContainerId != null);
        if (containers is not null)
        {
            leases = leases.Where(l => containers.Contains(l.ContainerId ?? default));
        }

        return leases.Select(l => new DrainingLease(l.Id, l.VmId, l.Tag, l.ContainerId ?? default));
    }

    // Two statements instead of one with OR: PostgreSQL would use the plan for all rows even for a few ids.
    private static IQueryable<T> Select<T>(IQueryable<T> all, IReadOnlyCollection<Guid>? ids)
        where T : Resource => ids is null ? all.AsNoTracking() : all.AsNoTracking().Where(r => ids.Contains(r.Id));
}

/// <summary>A released tag that the NB has not been observed without.</summary>
internal sealed record DrainingLease(Guid Id, Guid VmId, int Tag, Guid ContainerId);
