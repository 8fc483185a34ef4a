using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;

namespace OvnNestApi.VlanLeases;

/// <summary>Leases as they are shown.</summary>
internal static class LeaseReading
{
    /// <summary>In the order of their tags.</summary>
    public static async Task<List<LeaseView>> ViewsAsync(NestDb db, string vm, IQueryable<VlanLease> leases, CancellationToken cancellationToken)
    {
        var rows = await leases.AsNoTracking().OrderBy(l => l.Tag).Select(l => new
        {
            Lease = l,
            Hosts = (from o in db.LeaseHolds join h in db.Hosts on o.HostId equals h.Id where o.LeaseId == l.Id orderby h.Name select h.Name).ToList(),
        }).ToListAsync(cancellationToken);
        return rows.ConvertAll(row => View(vm, row.Lease, row.Hosts));
    }

    private static LeaseView View(string vm, VlanLease lease, List<string> hosts) => new(
        new() { Owner = lease.Owner, Ttl = lease.Ttl },
        new(lease.Tag, lease.State, lease.ContainerName, lease.Since, lease.ExpiresAt, lease.CoolUntil, lease.State == LeaseState.Draining ? WaitingFor(lease, hosts) : []),
        new("vlan-lease", vm, lease.Id, lease.Revision));

    private static List<string> WaitingFor(VlanLease lease, List<string> hosts)
    {
        var whom = hosts.ConvertAll(host => $"host {host}");
        if (lease.DrainNbCfg is null)
        {
            whom.Insert(0, "northbound");
        }
        else if (lease.AwaitsAllChassis)
        {
            whom.Add("all chassis");
        }

        return whom;
    }
}
