using Microsoft.EntityFrameworkCore;
using OvnNestApi.Containers;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Networks;

namespace OvnNestApi.Addresses;

/// <summary>Gives MAC and IPv4 addresses. Part of the caller's transaction; the unique indexes decide.</summary>
internal static class AddressBook
{
    private const int Attempts = 64;

    private const string Give = """
        INSERT INTO addresses (owner_id, network_id, mac, ip) VALUES (@owner, @network, @mac, @ip::inet) ON CONFLICT DO NOTHING
        """;

    // The first free address from @from to @last is @from itself, or follows one that is given, or follows a range that is not handed out.
    private const string GiveFree = """
        WITH free AS (
            SELECT c.ip FROM (
                SELECT @from::inet AS ip
                UNION ALL
                SELECT r.high + 1 FROM unnest(@low::inet[], @high::inet[]) AS r (low, high) WHERE r.high >= @from::inet
                UNION ALL
                (SELECT a.ip + 1 FROM addresses a
                 WHERE a.network_id = @network AND a.ip BETWEEN @from::inet AND @last::inet
                   AND NOT EXISTS (SELECT FROM addresses b WHERE b.network_id = @network AND b.ip = a.ip + 1)
                   AND NOT EXISTS (SELECT FROM unnest(@low::inet[], @high::inet[]) AS r (low, high) WHERE a.ip + 1 BETWEEN r.low AND r.high)
                 ORDER BY a.ip LIMIT 1)) c
            WHERE c.ip BETWEEN @from::inet AND @last::inet
              AND NOT EXISTS (SELECT FROM addresses b WHERE b.network_id = @network AND b.ip = c.ip)
              AND NOT EXISTS (SELECT FROM unnest(@low::inet[], @high::inet[]) AS r (low, high) WHERE c.ip BETWEEN r.low AND r.high)
            ORDER BY c.ip LIMIT 1),
        given AS (
            INSERT INTO addresses (owner_id, network_id, mac, ip) SELECT @owner, @network, @mac, ip FROM free ON CONFLICT DO NOTHING RETURNING ip),
        next AS (
            INSERT INTO next_addresses (network_id, ip) SELECT @network, ip + 1 FROM given WHERE @moves
            ON CONFLICT (network_id) DO UPDATE SET ip = excluded.ip)
        SELECT free.ip, given.ip IS NOT NULL FROM free LEFT JOIN given ON true
        """;

    // Whoever draws at the same time in the same network does not wait for our commit: it finds the row locked, and begins somewhere else.
    private const string Next = """
        WITH next AS (SELECT ip FROM next_addresses WHERE network_id = @network FOR UPDATE SKIP LOCKED)
        SELECT (SELECT ip FROM next), EXISTS (SELECT FROM next_addresses WHERE network_id = @network)
        """;

    /// <summary>
    /// Sets <see cref="LogicalPort.Mac"/> and <see cref="LogicalPort.Ip"/> to what is asked, else to what the port has while it fits, else to the
    /// predecessor's (also if that is gone, while its tag cools), else to free ones. The port's row need not be stored yet.
    /// </summary>
    /// <param name="predecessor">The former incarnation that is being deleted: its row is taken over; null: none.</param>
    /// <returns>Null when done; 400 <c>validation-failed</c>, 409 <c>address-taken</c> or <c>addresses-exhausted</c> otherwise.</returns>
    public static async Task<Problem?> AssignAsync(
        NestDb db, LogicalPort port, Network network, Ipv4? askedIp, MacAddress? askedMac, LogicalPort? predecessor, CancellationToken cancellationToken)
    {
        var pool = AddressPool.Of(network);
        if (askedIp is { } asked && pool.WhyNot(asked) is { } why)
        {
            return Problems.ValidationFailed("#/spec/ip", why);
        }

        if (askedMac is not null && askedMac == network.GatewayMac)
        {
            return Problems.AddressTaken("#/spec/mac", $"{askedMac} is the MAC address of the gateway of {network.Name}.");
        }

        var isNew = port.Mac.Value == 0;
        var former = isNew ? predecessor : port;
        var had = former is not null ? (former.Mac, former.Ip) : await RememberedAsync(db, port, network, cancellationToken);
        var mac = askedMac ?? had?.Mac ?? MacAddress.Random();
        var ip = askedIp ?? (had?.Ip is { } formerIp && pool.WhyNot(formerIp) is null ? formerIp : null);
        if (!isNew && mac == port.Mac && ip == port.Ip && (ip is null) == (network.Subnet is null) && !db.Entry(port).Property(p => p.NetworkId).IsModified)
        {
            return null;
        }

        if (former is not null)
        {
            await db.Addresses.Where(a => a.OwnerId == port.Id || a.OwnerId == former.Id).ExecuteDeleteAsync(cancellationToken);
        }

        if (ip is null && network.Subnet is not null)
        {
            ip = await DrawAsync(db, port.Id, network.Id, pool, mac, cancellationToken);
            if (ip is null)
            {
                return await ConflictAsync(db, network, null, mac, cancellationToken) ?? await ExhaustedAsync(db, network, pool, cancellationToken);
            }
        }
        else if (await db.ExecuteAsync(
            Give, cancellationToken, ("owner", port.Id), ("network", network.Id), ("mac", mac.ToPhysicalAddress()), ("ip", ip?.ToIPAddress())) == 0)
        {
            return await ConflictAsync(db, network, ip, mac, cancellationToken)
                ?? Problems.AddressTaken("#/spec/ip", "Another request has just had this address.") with { Retryable = true };
        }

        (port.Mac, port.Ip) = (mac, ip);
        return null;
    }

    /// <summary>What the name's former container had, if it is free; null: nothing is remembered.</summary>
    private static async Task<(MacAddress Mac, Ipv4? Ip)?> RememberedAsync(NestDb db, LogicalPort port, Network network, CancellationToken cancellationToken)
    {
        if (port is not Container container)
        {
            return null;
        }

        var former = await db.VlanLeases.AsNoTracking().Where(l => l.VmId == container.VmId && l.ContainerName == container.Name && l.FormerMac != null)
            .OrderByDescending(l => l.Since).Select(l => new { Mac = l.FormerMac, Ip = l.FormerIp }).FirstOrDefaultAsync(cancellationToken);
        return former?.Mac is { } mac
            && !await db.Addresses.AnyAsync(a => a.NetworkId == network.Id && (a.Mac == mac || (former.Ip != null && a.Ip == former.Ip)), cancellationToken)
            ? (mac, former.Ip) : null;
    }

    /// <summary>From where the last search ended to the subnet's end, then from its beginning. Null: none is free, or somebody has the MAC address.</summary>
    private static async Task<Ipv4?> DrawAsync(NestDb db, Guid owner, Guid network, AddressPool pool, MacAddress mac, CancellationToken cancellationToken)
    {
        if (pool.First > pool.Last)
        {
            return null;
        }

        var (next, exists) = (await db.QueryAsync(
            Next, row => (row.IsDBNull(0) ? (Ipv4?)null : Ipv4.From(row.GetFieldValue<System.Net.IPAddress>(0)), row.GetBoolean(1)), cancellationToken, ("network", network)))[0];
        var moves = next is not null || !exists;
        var begin = next ?? (exists ? new Ipv4(pool.First.Value + (uint)Random.Shared.NextInt64(pool.Last.Value - pool.First.Value + 1L)) : pool.First);
        begin = begin >= pool.First && begin <= pool.Last ? begin : pool.First;
        foreach (var (from, last) in begin == pool.First ? [(begin, pool.Last)] : new[] { (begin, pool.Last), (pool.First, new Ipv4(begin.Value - 1)) })
        {
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                var found = await db.QueryAsync(
                    GiveFree, row => (Ip: Ipv4.From(row.GetFieldValue<System.Net.IPAddress>(0)), IsGiven: row.GetBoolean(1)), cancellationToken,
                    ("owner", owner), ("network", network), ("mac", mac.ToPhysicalAddress()), ("from", from.ToIPAddress()), ("last", last.ToIPAddress()), ("moves", moves),
                    ("low", pool.Taken.Select(r => r.Low.ToIPAddress()).ToArray()), ("high", pool.Taken.Select(r => r.High.ToIPAddress()).ToArray()));
                if (found is [])
                {
                    break;
                }

                if (found[0].IsGiven)
                {
                    return found[0].Ip;
                }
            }
        }

        return null;
    }

    private static async Task<Problem?> ConflictAsync(NestDb db, Network network, Ipv4? ip, MacAddress mac, CancellationToken cancellationToken)
    {
        var taken = await db.Addresses.AsNoTracking().FirstOrDefaultAsync(
            a => a.NetworkId == network.Id && (a.Mac == mac || (ip != null && a.Ip == ip)), cancellationToken);
        if (taken is null)
        {
            return null;
        }

        var vm = await db.Vms.Where(v => v.Id == taken.OwnerId).Select(v => v.Name).FirstOrDefaultAsync(cancellationToken);
        var container = vm is not null ? null : await db.Containers.Where(c => c.Id == taken.OwnerId).Select(c => c.Name).FirstOrDefaultAsync(cancellationToken);
        var holder = vm is not null ? $"VM {vm}" : container is not null ? $"container {container}" : "another port";
        return ip is not null && taken.Ip == ip
            ? Problems.AddressTaken("#/spec/ip", $"{ip} in network {network.Name} belongs to {holder}.")
            : Problems.AddressTaken("#/spec/mac", $"{mac} in network {network.Name} belongs to {holder}.");
    }

    private static async Task<Problem> ExhaustedAsync(NestDb db, Network network, AddressPool pool, CancellationToken cancellationToken)
    {
        var used = await db.Addresses.CountAsync(a => a.NetworkId == network.Id && a.Ip != null, cancellationToken);
        return Problems.AddressesExhausted($"No address of {network.Subnet} of network {network.Name} is free: {used} of {pool.Size} are in use.");
    }
}
