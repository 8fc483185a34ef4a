using System.Net;
using System.Net.NetworkInformation;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>Explains why ports could not get their addresses.</summary>
internal static class AddressConflicts
{
    private const string ReadHolders = """
        SELECT w.place::int, t.is_ip, coalesce('VM ' || v.name, 'container ' || c.name,
            'port ' || t.foreign_name || ' (' || t.foreign_port || '), which is not managed here', 'another port')
        FROM unnest(@networks, @macs, @ips) WITH ORDINALITY AS w (network, mac, ip, place)
        CROSS JOIN LATERAL (
            SELECT a.owner_id, a.foreign_name, a.foreign_port, true AS is_ip FROM addresses a
            WHERE a.network_id = w.network AND a.ip = w.ip AND a.freed_at IS NULL
            UNION ALL
            SELECT a.owner_id, a.foreign_name, a.foreign_port, false FROM addresses a WHERE a.network_id = w.network AND a.mac = w.mac
            LIMIT 1) t
        LEFT JOIN vms v ON v.id = t.owner_id
        LEFT JOIN containers c ON c.id = t.owner_id
        """;

    private const string Remedy = " To exchange the addresses of two ports, change both in one manifest (POST /v1/manifests).";

    private const string ReadTakenMacs = """
        SELECT w.place::int FROM unnest(@networks, @macs) WITH ORDINALITY AS w (network, mac, place)
        JOIN addresses a ON a.network_id = w.network AND a.mac = w.mac
        """;

    public static Problem IpTaken(AddressPlan plan, Ipv4 ip, string holder, string remedy = "") =>
        Problem.AddressTaken(plan.Request.Pointers.Ip, $"{ip} in network {plan.Request.Network.Name} belongs to {holder}.{remedy}");

    public static Problem MacTaken(AddressPlan plan, MacAddress mac, string holder, string remedy = "") =>
        Problem.AddressTaken(plan.Request.Pointers.Mac, $"{mac} in network {plan.Request.Network.Name} belongs to {holder}.{remedy}");

    /// <summary>Sets the problem of each plan whose addresses could not be stored.</summary>
    /// <param name="plans">All plans of the list for which addresses were to be stored.</param>
    public static async Task ExplainAsync(NestDb db, IReadOnlyCollection<AddressPlan> plans, CancellationToken cancellationToken)
    {
        var refused = plans.Where(plan => !plan.IsGiven).ToList();
        foreach (var (place, isIp, holder) in await HoldersAsync(db, refused, cancellationToken))
        {
            var plan = refused[place - 1];
            plan.Problem = isIp && plan.Ip is { } ip ? IpTaken(plan, ip, holder, Remedy) : MacTaken(plan, plan.SettleMac(), holder, Remedy);
        }

        var unexplained = refused.FindAll(plan => plan.Problem is null);
        if (unexplained.Exists(plan => plan.IsDraw))
        {
            await ExplainExhaustionAsync(db, plans, unexplained.FindAll(plan => plan.IsDraw), cancellationToken);
        }

        foreach (var plan in unexplained.Where(plan => !plan.IsDraw))
        {
            plan.Problem = Problem.AddressTaken(plan.Request.Pointers.Ip, "Another request has just taken this address. Try again.") with
            {
                Retryable = true,
            };
        }
    }

    /// <summary>Generates other MAC addresses for plans that were refused because another port has the generated one.</summary>
    /// <returns>The plans with another MAC address, to be tried again.</returns>
    public static async Task<List<AddressPlan>> ChangeMacsAsync(NestDb db, List<AddressPlan> plans, CancellationToken cancellationToken)
    {
        var refused = plans.FindAll(plan => plan is { IsGiven: false, HasRandomMac: true });
        if (refused.Count == 0)
        {
            return [];
        }

        var taken = await db.QueryAsync(
            ReadTakenMacs,
            row => refused[row.GetInt32(0) - 1],
            cancellationToken,
            ("networks", refused.Select(plan => plan.NetworkId).ToArray()),
            ("macs", refused.Select<AddressPlan, PhysicalAddress>(plan => plan.SettleMac().ToPhysicalAddress()).ToArray())
        );
        taken.ForEach(plan => plan.GenerateMac());
        return taken;
    }

    private static Task<List<(int Place, bool IsIp, string Holder)>> HoldersAsync(
        NestDb db,
        List<AddressPlan> refused,
        CancellationToken cancellationToken
    ) =>
        db.QueryAsync(
            ReadHolders,
            row => (row.GetInt32(0), row.GetBoolean(1), row.GetString(2)),
            cancellationToken,
            ("networks", refused.Select(plan => plan.NetworkId).ToArray()),
            ("macs", refused.Select<AddressPlan, PhysicalAddress>(plan => plan.SettleMac().ToPhysicalAddress()).ToArray()),
            ("ips", refused.Select<AddressPlan, IPAddress?>(plan => plan.Ip?.ToIPAddress()).ToArray())
        );

    private static async Task ExplainExhaustionAsync(
        NestDb db,
        IReadOnlyCollection<AddressPlan> plans,
        List<AddressPlan> unserved,
        CancellationToken cancellationToken
    )
    {
        var networks = unserved.Select(plan => plan.NetworkId).Distinct().ToArray();
        var used = await db
            .Addresses.Where(a => networks.Contains(a.NetworkId) && a.Ip != null && a.FreedAt == null)
            .GroupBy(a => a.NetworkId)
            .Select(group => new { group.Key, Count = group.Count() })
            .ToDictionaryAsync(group => group.Key, group => group.Count, cancellationToken);
        var missing = unserved.CountBy(plan => plan.NetworkId).ToDictionary();
        var given = plans.Where(plan => plan.IsDrawn).CountBy(plan => plan.NetworkId).ToDictionary();
        foreach (var plan in unserved)
        {
            var drawn = given.GetValueOrDefault(plan.NetworkId);
            plan.Problem = Exhausted(plan, used.GetValueOrDefault(plan.NetworkId) - drawn, drawn, drawn + missing[plan.NetworkId]);
        }
    }

    /// <param name="used">Addresses in use without those that the list has drawn.</param>
    /// <param name="drawn">Addresses that the list has drawn.</param>
    /// <param name="needed">Addresses that the list needs.</param>
    private static Problem Exhausted(AddressPlan plan, int used, int drawn, int needed)
    {
        var (network, size) = (plan.Request.Network, plan.Pool.Size);
        return Problem.AddressesExhausted(
            plan.Request.Pointers.Ip,
            needed == 1
                ? $"No address of {network.Subnet} of network {network.Name} is free: {used} of {size} are in use."
                : $"{needed} addresses of {network.Subnet} of network {network.Name} are needed and {drawn} are free: "
                    + $"{used} of {size} are in use."
        );
    }
}
