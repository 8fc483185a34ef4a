using System.Globalization;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.VlanLeases;

/// <summary>Reads leases for responses, with what they wait for.</summary>
internal sealed class LeaseReader(CachedLiveness liveness)
{
    private const string Holds = """
        SELECT o.lease_id, o.host_id, h.name, coalesce(s.applied_revision >= o.after_revision, false), o.clear, s.nb_cfg
        FROM lease_holds o JOIN hosts h ON h.id = o.host_id LEFT JOIN host_status s ON s.host_id = o.host_id
        WHERE o.lease_id = ANY(@leases) ORDER BY h.name
        """;

    /// <summary>Returns the views of the leases, ordered by tag. Draining leases need more queries than the others.</summary>
    public async Task<List<LeaseView>> ViewsAsync(NestDb db, string vm, IQueryable<VlanLease> which, CancellationToken cancellationToken)
    {
        var leases = await which.AsNoTracking().OrderBy(l => l.Tag).ToListAsync(cancellationToken);
        var draining = leases.Where(lease => lease.State == LeaseState.Draining).Select(lease => lease.Id).ToArray();
        if (draining.Length == 0)
        {
            return leases.ConvertAll(lease => View(vm, lease, WaitingFor(lease)));
        }

        var present = await liveness.ReadAsync(db, cancellationToken);
        var hvCfg = await db.Leader.Select(leader => leader.HvCfg).SingleAsync(cancellationToken);
        var holds = (
            await db.QueryAsync(
                Holds,
                row =>
                    (
                        Lease: row.GetGuid(0),
                        Hold: new PendingHold(
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
            View(
                vm,
                lease,
                lease.State == LeaseState.Draining ? [.. WaitingFor(lease, holds[lease.Id], present, hvCfg)] : WaitingFor(lease)
            )
        );
    }

    /// <summary>Returns the view of one lease.</summary>
    public static LeaseView View(string vm, VlanLease lease, IReadOnlyList<string> waitingFor) =>
        new(
            new(lease.Owner, lease.Ttl),
            new(lease.Tag, lease.State, lease.ContainerName, lease.Since, lease.ExpiresAt, lease.CoolUntil, waitingFor),
            new("vlan-lease", vm, lease.Id, lease.Revision)
        );

    /// <summary>Returns the id of the VM of this name, preferring one that is not being deleted; null if there is none.</summary>
    internal static Task<Guid?> FindVmAsync(NestDb db, string vm, CancellationToken cancellationToken) =>
        db
            .Vms.Where(v => v.Name == vm)
            .OrderBy(v => v.DeletingSince != null)
            .ThenByDescending(v => v.CreatedAt)
            .Select(v => (Guid?)v.Id)
            .FirstOrDefaultAsync(cancellationToken);

    private static IReadOnlyList<string> WaitingFor(VlanLease lease) =>
        lease switch
        {
            { State: LeaseState.Cooling, CoolUntil: { } until } => [$"the cool-down, until {Text(until)}"],
            { State: LeaseState.Foreign, UsedBy: { } user } => [user],
            _ => [],
        };

    private static IEnumerable<string> WaitingFor(VlanLease lease, IEnumerable<PendingHold> holds, Liveness present, long? hvCfg)
    {
        if (lease.DrainNbCfg is null)
        {
            yield return present.IsNorthboundReached
                ? "the northbound database, which has not been observed without the tag yet"
                : $"the northbound database, which has not been reached {Since(present.NorthboundSeenAt)}";
        }

        foreach (var hold in holds)
        {
            var host = present.Hosts.GetValueOrDefault(hold.Host);
            yield return $"host {hold.Name}, {MissingConfirmation(hold, host, lease.DrainNbCfg)}";
        }

        if (lease.AwaitsAllChassis && lease.DrainNbCfg is { } barrier)
        {
            yield return $"all chassis: hv_cfg is {Number(hvCfg)}, not {barrier} yet";
        }
    }

    private static string MissingConfirmation(PendingHold hold, HostLiveness? host, long? barrier)
    {
        if (host is not { IsAlive: true })
        {
            return $"whose agent has not contacted the API {Since(host?.SeenAt)}";
        }

        if (!hold.IsApplied)
        {
            return "whose agent has not applied the work without the tag yet";
        }

        if (!hold.IsClear)
        {
            return "which still has a port with the tag on the VM's bridge";
        }

        return barrier is null
            ? "whose flows are updated after the northbound database"
            : $"whose flows have reached ovn-nb-cfg {Number(hold.NbCfg)}, not {barrier} yet; check that its ovn-controller runs";
    }

    private static string Number(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "none";

    private static string Since(DateTimeOffset? time) => time is { } known ? $"since {Text(known)}" : "yet";

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A host that has not confirmed the removal of a tag, and what it has confirmed so far.</summary>
    /// <param name="Host">Id of the host.</param>
    /// <param name="Name">Name of the host.</param>
    /// <param name="IsApplied">True if its agent has applied work that does not contain the tag.</param>
    /// <param name="IsClear">True if its agent has since reported no port with the tag on the VM's bridge.</param>
    /// <param name="NbCfg">Value of <c>nb_cfg</c> that its flows have reached; null if not reported.</param>
    private readonly record struct PendingHold(Guid Host, string Name, bool IsApplied, bool IsClear, long? NbCfg);
}
