using System.Data;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Contracts;
using OvnNestApi.Northbound;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>
/// The desired objects of a pass, with what their rows depend on, as they were at one moment. It costs what was asked for, not what exists.
/// </summary>
internal sealed class DesiredState
{
    /// <summary>Routers by id: those asked for, and those that the networks here join.</summary>
    public Dictionary<Guid, DesiredRouter> Routers { get; private set; } = [];

    /// <summary>Networks by id: those asked for, and those of the ports here.</summary>
    public Dictionary<Guid, DesiredNetwork> Networks { get; private set; } = [];

    /// <summary>VMs by id: those asked for, and those of the containers here.</summary>
    public Dictionary<Guid, DesiredPort> Vms { get; private set; } = [];

    /// <summary>Containers by id, all asked for.</summary>
    public Dictionary<Guid, DesiredPort> Containers { get; private set; } = [];

    /// <summary>What is recorded of the objects that were asked for, and that exist.</summary>
    public Dictionary<OwnerRef, RecordedState> Subjects { get; } = [];

    /// <summary>Released tags of the containers here that the NB has not been seen without.</summary>
    public List<DrainingLease> Draining { get; private set; } = [];

    /// <summary>Reads these objects, of whatever kind, and what they depend on; null: everything.</summary>
    public static async Task<DesiredState> ReadAsync(NestDb db, IReadOnlyCollection<Guid>? ids, CancellationToken cancellationToken)
    {
        var state = new DesiredState();
        await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await state.ReadContainersAsync(db, ids, cancellationToken);
        await state.ReadVmsAsync(db, ids, cancellationToken);
        await state.ReadNetworksAsync(db, ids, cancellationToken);
        await state.ReadRoutersAsync(db, ids, cancellationToken);
        await state.ReadDrainingAsync(db, ids, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        state.WithdrawOrphans();
        return state;
    }

    /// <summary>What is dirty, oldest first, and what was rejected and is due again.</summary>
    /// <param name="atMost">The most dirty objects of one kind.</param>
    /// <param name="allRejected">Also what was rejected and is not due: something has changed that may have been in its way.</param>
    public static Task<List<Guid>> BacklogAsync(NestDb db, int atMost, bool allRejected, CancellationToken cancellationToken) =>
        db
            .Database.SqlQuery<Guid>(
                $"""
                (SELECT id AS "Value" FROM routers WHERE dirty_seq > reconciled_seq ORDER BY dirty_seq LIMIT {atMost})
                UNION (SELECT id FROM networks WHERE dirty_seq > reconciled_seq ORDER BY dirty_seq LIMIT {atMost})
                UNION (SELECT id FROM vms WHERE dirty_seq > reconciled_seq ORDER BY dirty_seq LIMIT {atMost})
                UNION (SELECT id FROM containers WHERE dirty_seq > reconciled_seq ORDER BY dirty_seq LIMIT {atMost})
                UNION SELECT id FROM routers WHERE retry_at IS NOT NULL AND (retry_at <= now() OR {allRejected})
                UNION SELECT id FROM networks WHERE retry_at IS NOT NULL AND (retry_at <= now() OR {allRejected})
                UNION SELECT id FROM vms WHERE retry_at IS NOT NULL AND (retry_at <= now() OR {allRejected})
                UNION SELECT id FROM containers WHERE retry_at IS NOT NULL AND (retry_at <= now() OR {allRejected})
                UNION SELECT container_id FROM vlan_leases WHERE state = 'Draining' AND drain_nb_cfg IS NULL
                    AND container_id IS NOT NULL AND {allRejected}
                """
            )
            .ToListAsync(cancellationToken);

    private async Task ReadContainersAsync(NestDb db, IReadOnlyCollection<Guid>? ids, CancellationToken cancellationToken)
    {
        var rows = Of(db.Containers, ids)
            .Select(c => new
            {
                Recorded = new RecordedState(
                    c.DirtySeq,
                    c.ReconciledSeq,
                    c.DeletingSince != null,
                    c.InNorthbound,
                    c.Rejection,
                    c.RejectedAs,
                    c.RetryAt != null,
                    c.Rejections,
                    c.Up,
                    c.ObservedTag,
                    c.VmId
                ),
                Blocked = c.DeletingSince != null
                    || db.Containers.Any(p => p.VmId == c.VmId && p.Name == c.Name && p.DeletingSince != null && p.Id != c.Id)
                    || !db.VlanLeases.Any(l => l.VmId == c.VmId && l.Tag == c.Tag && l.ContainerId == c.Id && l.State == LeaseState.Bound),
                c.Id,
                c.Name,
                c.NetworkId,
                c.PortName,
                c.PortUuid,
                c.Mac,
                c.Ip,
                c.Enabled,
                c.PortSecurity,
                c.VmId,
                c.Tag,
            });
        await foreach (var c in rows.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            Containers.Add(
                c.Id,
                new()
                {
                    Id = c.Id,
                    Name = c.Name,
                    IsWanted = !c.Blocked,
                    IsAsked = c.Recorded.IsAsked,
                    NetworkId = c.NetworkId,
                    PortName = c.PortName,
                    PortUuid = c.PortUuid,
                    Mac = c.Mac,
                    Ip = c.Ip,
                    Enabled = c.Enabled,
                    PortSecurity = c.PortSecurity,
                    VmId = c.VmId,
                    Tag = c.Tag,
                }
            );
            Subjects.Add(new(OwnerKind.Container, c.Id), c.Recorded);
        }
    }

    private async Task ReadVmsAsync(NestDb db, IReadOnlyCollection<Guid>? ids, CancellationToken cancellationToken)
    {
        var all = ids?.Concat(Containers.Values.Select(c => c.VmId ?? default)).ToHashSet();
        var subjects = ids?.ToHashSet();
        var chassis =
            from host in db.Hosts
            join status in db.HostStatus on host.Id equals status.HostId into statuses
            from status in statuses.DefaultIfEmpty()
            select new { host.Id, Chassis = host.Chassis ?? status.SystemId };
        var rows = Of(db.Vms, all)
            .Select(v => new
            {
                Recorded = new RecordedState(
                    v.DirtySeq,
                    v.ReconciledSeq,
                    v.DeletingSince != null,
                    v.InNorthbound,
                    v.Rejection,
                    v.RejectedAs,
                    v.RetryAt != null,
                    v.Rejections,
                    v.Up,
                    null,
                    v.Id
                ),
                Blocked = v.DeletingSince != null || db.Vms.Any(p => p.Name == v.Name && p.DeletingSince != null && p.Id != v.Id),
                v.Id,
                v.Name,
                v.NetworkId,
                v.PortName,
                v.PortUuid,
                v.Mac,
                v.Ip,
                v.Enabled,
                v.PortSecurity,
                Chassis = chassis.Where(c => c.Id == v.HostId).Select(c => c.Chassis).FirstOrDefault(),
                // Until its former host has confirmed that nothing is left, a VM belongs there: its containers would stay bound there
                // anyway.
                Former = db
                    .Placements.Where(p => p.ObjectId == v.Id && p.HostId != v.HostId && p.Kind == RemovalKind.Vm)
                    .Select(p => new { Chassis = chassis.Where(c => c.Id == p.HostId).Select(c => c.Chassis).FirstOrDefault() })
                    .FirstOrDefault(),
            });
        await foreach (var v in rows.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            Vms.Add(
                v.Id,
                new()
                {
                    Id = v.Id,
                    Name = v.Name,
                    IsWanted = !v.Blocked,
                    IsAsked = v.Recorded.IsAsked,
                    NetworkId = v.NetworkId,
                    PortName = v.PortName,
                    PortUuid = v.PortUuid,
                    Mac = v.Mac,
                    Ip = v.Ip,
                    Enabled = v.Enabled,
                    PortSecurity = v.PortSecurity,
                    Chassis = v.Former is null ? v.Chassis : v.Former.Chassis,
                }
            );
            if (subjects?.Contains(v.Id) != false)
            {
                Subjects.Add(new(OwnerKind.Vm, v.Id), v.Recorded);
            }
        }
    }

    private async Task ReadNetworksAsync(NestDb db, IReadOnlyCollection<Guid>? ids, CancellationToken cancellationToken)
    {
        var all = ids?.Concat(Vms.Values.Concat(Containers.Values).Select(port => port.NetworkId)).ToHashSet();
        var subjects = ids?.ToHashSet();
        var rows = Of(db.Networks, all)
            .Select(n => new
            {
                Recorded = new RecordedState(
                    n.DirtySeq,
                    n.ReconciledSeq,
                    n.DeletingSince != null,
                    n.InNorthbound,
                    n.Rejection,
                    n.RejectedAs,
                    n.RetryAt != null,
                    n.Rejections,
                    false,
                    null,
                    null
                ),
                Blocked = n.DeletingSince != null || db.Networks.Any(p => p.Name == n.Name && p.DeletingSince != null && p.Id != n.Id),
                Network = n,
            });
        await foreach (var row in rows.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            var n = row.Network;
            Networks.Add(
                n.Id,
                new()
                {
                    Id = n.Id,
                    Name = n.Name,
                    IsWanted = !row.Blocked,
                    IsAsked = row.Recorded.IsAsked,
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
                }
            );
            if (subjects?.Contains(n.Id) != false)
            {
                Subjects.Add(new(OwnerKind.Network, n.Id), row.Recorded);
            }
        }
    }

    private async Task ReadRoutersAsync(NestDb db, IReadOnlyCollection<Guid>? ids, CancellationToken cancellationToken)
    {
        var all = ids?.Concat(Networks.Values.Select(n => n.RouterId).OfType<Guid>()).ToHashSet();
        var subjects = ids?.ToHashSet();
        var rows = Of(db.Routers, all)
            .Select(r => new
            {
                Recorded = new RecordedState(
                    r.DirtySeq,
                    r.ReconciledSeq,
                    r.DeletingSince != null,
                    r.InNorthbound,
                    r.Rejection,
                    r.RejectedAs,
                    r.RetryAt != null,
                    r.Rejections,
                    false,
                    null,
                    null
                ),
                Blocked = r.DeletingSince != null || db.Routers.Any(p => p.Name == r.Name && p.DeletingSince != null && p.Id != r.Id),
                r.Id,
                r.Name,
                r.RouterUuid,
            });
        await foreach (var r in rows.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            Routers.Add(
                r.Id,
                new()
                {
                    Id = r.Id,
                    Name = r.Name,
                    IsWanted = !r.Blocked,
                    IsAsked = r.Recorded.IsAsked,
                    RouterUuid = r.RouterUuid,
                }
            );
            if (subjects?.Contains(r.Id) != false)
            {
                Subjects.Add(new(OwnerKind.Router, r.Id), r.Recorded);
            }
        }
    }

    private async Task ReadDrainingAsync(NestDb db, IReadOnlyCollection<Guid>? ids, CancellationToken cancellationToken)
    {
        if (Containers.Count == 0)
        {
            return;
        }

        var leases = db.VlanLeases.Where(l => l.State == LeaseState.Draining && l.DrainNbCfg == null && l.ContainerId != null);
        if (ids is not null)
        {
            leases = leases.Where(l => ids.Contains(l.ContainerId ?? default));
        }

        Draining = await leases.Select(l => new DrainingLease(l.Id, l.VmId, l.Tag, l.ContainerId)).ToListAsync(cancellationToken);
    }

    // Two statements rather than one with "or": PostgreSQL would plan the small case like the large one.
    private static IQueryable<T> Of<T>(IQueryable<T> all, IReadOnlyCollection<Guid>? ids)
        where T : Resource => ids is null ? all.AsNoTracking() : all.AsNoTracking().Where(r => ids.Contains(r.Id));

    /// <summary>What lives in something that shall not be there shall not be there either.</summary>
    private void WithdrawOrphans()
    {
        foreach (var vm in Vms.Values.Where(vm => vm.IsWanted && !Networks[vm.NetworkId].IsWanted).ToList())
        {
            Vms[vm.Id] = vm with { IsWanted = false };
        }

        foreach (
            var c in Containers
                .Values.Where(c => c.IsWanted && !(Networks[c.NetworkId].IsWanted && Vms[c.VmId ?? default].IsWanted))
                .ToList()
        )
        {
            Containers[c.Id] = c with { IsWanted = false };
        }
    }
}

/// <summary>What is recorded of an object.</summary>
internal sealed record RecordedState(
    long DirtySeq,
    long ReconciledSeq,
    bool IsDeleting,
    bool InNorthbound,
    string? Rejection,
    Reason? RejectedAs,
    bool IsToRetry,
    int Rejections,
    bool Up,
    int? ObservedTag,
    Guid? VmId
)
{
    /// <summary>Somebody asked for what its rows shall become.</summary>
    public bool IsAsked => IsDeleting || DirtySeq > ReconciledSeq || Rejection is not null;
}

/// <summary>A released tag that the NB has not been seen without.</summary>
internal sealed record DrainingLease(Guid Id, Guid VmId, int Tag, Guid? ContainerId);
