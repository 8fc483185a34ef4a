using System.Globalization;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.VlanLeases;

/// <summary>Leases as they are shown, with what they wait for.</summary>
internal sealed class LeaseReader(CachedLiveness liveness)
{
    private const string Holds = """
        SELECT o.lease_id, o.host_id, h.name, coalesce(s.applied_revision >= o.after_revision, false), o.clear, s.nb_cfg
        FROM lease_holds o JOIN hosts h ON h.id = o.host_id LEFT JOIN host_status s ON s.host_id = o.host_id
        WHERE o.lease_id = ANY(@leases) ORDER BY h.name
        """;

    /// <summary>In the order of their tags. Only tags on their way to being free cost more than the leases themselves.</summary>
    public async Task<List<LeaseView>> ViewsAsync(NestDb db, string vm, IQueryable<VlanLease> which, CancellationToken cancellationToken)
    {
        var leases = await which.AsNoTracking().OrderBy(l => l.Tag).ToListAsync(cancellationToken);
        var draining = leases.Where(lease => lease.State == LeaseState.Draining).Select(lease => lease.Id).ToArray();
        if (draining.Length == 0)
        {
            return leases.ConvertAll(lease => View(vm, lease, CoolDown(lease)));
        }

        var present = await liveness.ReadAsync(db, cancellationToken);
        var hvCfg = await db.Leader.Select(leader => leader.HvCfg).SingleAsync(cancellationToken);
        var holds = (
            await db.QueryAsync(
                Holds,
                row =>
                    (
                        Lease: row.GetGuid(0),
                        Hold: new Owed(
                            row.GetGuid(1),
                            row.GetString(2),
                            row.GetBoolean(3),
                            row.GetBoolean(4),
                            row.IsDBNull(5) ? null : row.GetInt64(5)
                        )
                    ),
                cancellationToken,
                ("leases", draining)
            )
        ).ToLookup(row => row.Lease, row => row.Hold);
        return leases.ConvertAll(lease =>
            View(vm, lease, lease.State == LeaseState.Draining ? [.. WaitingFor(lease, holds[lease.Id], present, hvCfg)] : CoolDown(lease))
        );
    }

    /// <summary>One lease.</summary>
    public static LeaseView View(string vm, VlanLease lease, IReadOnlyList<string> waitingFor) =>
        new(
            new() { Owner = lease.Owner, Ttl = lease.Ttl },
            new(lease.Tag, lease.State, lease.ContainerName, lease.Since, lease.ExpiresAt, lease.CoolUntil, waitingFor),
            new("vlan-lease", vm, lease.Id, lease.Revision)
        );

    private static IReadOnlyList<string> CoolDown(VlanLease lease) =>
        lease is { State: LeaseState.Cooling, CoolUntil: { } until } ? [$"the cool-down, until {Text(until)}"] : [];

    private static IEnumerable<string> WaitingFor(VlanLease lease, IEnumerable<Owed> owed, Liveness present, long? hvCfg)
    {
        if (lease.DrainNbCfg is null)
        {
            yield return present.IsNorthboundReached
                ? "the northbound database, which has not been seen without the tag yet"
                : $"the northbound database, which nobody has reached {Since(present.NorthboundSeenAt)}";
        }

        foreach (var hold in owed)
        {
            var host = present.Hosts.GetValueOrDefault(hold.Host);
            yield return $"host {hold.Name}, "
                + (
                    host is not { IsAlive: true } ? $"whose agent has not been heard of {Since(host?.SeenAt)}"
                    : !hold.IsApplied ? "whose agent has not done the work without the tag yet"
                    : !hold.IsClear ? "which still has a port with the tag on the VM's bridge"
                    : lease.DrainNbCfg is { } number
                        ? $"whose flows are those of ovn-nb-cfg {hold.NbCfg?.ToString(CultureInfo.InvariantCulture) ?? "none"}, not {number} yet: does its ovn-controller run?"
                    : "whose flows have to follow the northbound database"
                );
        }

        if (lease.AwaitsAllChassis && lease.DrainNbCfg is { } barrier)
        {
            yield return $"all chassis: hv_cfg is {hvCfg?.ToString(CultureInfo.InvariantCulture) ?? "none"}, not {barrier} yet";
        }
    }

    private static string Since(DateTimeOffset? time) => time is { } known ? $"since {Text(known)}" : "yet";

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>What a host owes for a tag.</summary>
    /// <param name="Host">The host.</param>
    /// <param name="Name">Its name.</param>
    /// <param name="IsApplied">It has done work that does not contain the tag.</param>
    /// <param name="IsClear">It has then seen no port with the tag on the VM's bridge.</param>
    /// <param name="NbCfg">The NB's number that its flows have reached; null: it has told none.</param>
    private readonly record struct Owed(Guid Host, string Name, bool IsApplied, bool IsClear, long? NbCfg);

    /// <summary>Returns the id of the VM of this name, preferring one that is not being deleted; null if there is none.</summary>
    internal static Task<Guid?> FindVmAsync(NestDb db, string vm, CancellationToken cancellationToken) =>
        db
            .Vms.Where(v => v.Name == vm)
            .OrderBy(v => v.DeletingSince != null)
            .ThenByDescending(v => v.CreatedAt)
            .Select(v => (Guid?)v.Id)
            .FirstOrDefaultAsync(cancellationToken);
}
