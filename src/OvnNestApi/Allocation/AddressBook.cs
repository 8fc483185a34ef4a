using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>Gives MAC and IPv4 addresses. Part of the caller's transaction; the unique indexes decide.</summary>
internal static class AddressBook
{
    private static readonly string Free = $"WITH {AddressDraw.Free("owner_id IN (@port, @former)")} SELECT";

    /// <summary>
    /// Sets <see cref="LogicalPort.Mac"/> and <see cref="LogicalPort.Ip"/> to what is asked, else to what the port has while it fits, else
    /// to the
    /// predecessor's (also if that is gone, while its tag cools), else to free ones. The port's row need not be stored yet.
    /// </summary>
    /// <param name="predecessor">The former incarnation that is being deleted: its row is taken over; null: none.</param>
    /// <param name="mayRemember">False: it is known that nothing is remembered of the port's name.</param>
    /// <returns>Null when done; 400 <c>validation-failed</c>, 409 <c>address-taken</c> or <c>addresses-exhausted</c> otherwise.</returns>
    public static async Task<Problem?> AssignAsync(
        NestDb db,
        LogicalPort port,
        Network network,
        Ipv4? askedIp,
        MacAddress? askedMac,
        LogicalPort? predecessor,
        CancellationToken cancellationToken,
        bool mayRemember = true,
        AddressPointers pointers = default
    )
    {
        var pool = AddressPool.Of(network);
        if (askedIp is { } asked && pool.WhyNot(asked) is { } why)
        {
            return Problem.ValidationFailed(pointers.Ip, why);
        }

        if (askedMac is not null && askedMac == network.GatewayMac)
        {
            return Problem.AddressTaken(pointers.Mac, $"{askedMac} is the MAC address of the gateway of {network.Name}.");
        }

        var isNew = port.Mac.Value == 0;
        var former = isNew ? predecessor : port;
        var had =
            former is not null ? (former.Mac, former.Ip)
            : mayRemember ? await RememberedAsync(db, port, network, cancellationToken)
            : null;
        var mac = askedMac ?? had?.Mac ?? MacAddress.Random();
        var ip = askedIp ?? (had?.Ip is { } formerIp && pool.WhyNot(formerIp) is null ? formerIp : null);
        if (
            !isNew
            && mac == port.Mac
            && ip == port.Ip
            && (ip is null) == (network.Subnet is null)
            && !db.Entry(port).Property(p => p.NetworkId).IsModified
        )
        {
            return null;
        }

        if (former is not null)
        {
            await db.ExecuteAsync(Free, cancellationToken, ("port", port.Id), ("former", former.Id));
        }

        if (ip is null && network.Subnet is not null)
        {
            ip = await AddressDraw.GiveAnyAsync(db, port.Id, network.Id, mac, pool, cancellationToken);
            if (ip is null)
            {
                return await ConflictAsync(db, network, null, mac, pointers, cancellationToken)
                    ?? await ExhaustedAsync(db, network, pool, pointers, cancellationToken);
            }
        }
        else if (!await AddressDraw.GiveAsync(db, port.Id, network.Id, mac, ip, cancellationToken))
        {
            return await ConflictAsync(db, network, ip, mac, pointers, cancellationToken)
                ?? Problem.AddressTaken(pointers.Ip, "Another request has just taken this address.") with
                {
                    Retryable = true,
                };
        }

        (port.Mac, port.Ip) = (mac, ip);
        return null;
    }

    /// <summary>What the name's former container had, if it is free; null: nothing is remembered.</summary>
    private static async Task<(MacAddress Mac, Ipv4? Ip)?> RememberedAsync(
        NestDb db,
        LogicalPort port,
        Network network,
        CancellationToken cancellationToken
    )
    {
        if (port is not Container container)
        {
            return null;
        }

        var former = await db
            .VlanLeases.AsNoTracking()
            .Where(l => l.VmId == container.VmId && l.ContainerName == container.Name && l.FormerMac != null)
            .OrderByDescending(l => l.Since)
            .Select(l => new { Mac = l.FormerMac, Ip = l.FormerIp })
            .FirstOrDefaultAsync(cancellationToken);
        return
            former?.Mac is { } mac
            && !await db.Addresses.AnyAsync(
                a => a.NetworkId == network.Id && a.FreedAt == null && (a.Mac == mac || (former.Ip != null && a.Ip == former.Ip)),
                cancellationToken
            )
            ? (mac, former.Ip)
            : null;
    }

    private static async Task<Problem?> ConflictAsync(
        NestDb db,
        Network network,
        Ipv4? ip,
        MacAddress mac,
        AddressPointers pointers,
        CancellationToken cancellationToken
    )
    {
        var taken = await db
            .Addresses.AsNoTracking()
            .FirstOrDefaultAsync(
                a => a.NetworkId == network.Id && a.FreedAt == null && (a.Mac == mac || (ip != null && a.Ip == ip)),
                cancellationToken
            );
        if (taken is null)
        {
            return null;
        }

        var vm = await db.Vms.Where(v => v.Id == taken.OwnerId).Select(v => v.Name).FirstOrDefaultAsync(cancellationToken);
        var container = vm is not null
            ? null
            : await db.Containers.Where(c => c.Id == taken.OwnerId).Select(c => c.Name).FirstOrDefaultAsync(cancellationToken);
        var holder =
            vm is not null ? $"VM {vm}"
            : container is not null ? $"container {container}"
            : "another port";
        return ip is not null && taken.Ip == ip
            ? Problem.AddressTaken(pointers.Ip, $"{ip} in network {network.Name} belongs to {holder}.")
            : Problem.AddressTaken(pointers.Mac, $"{mac} in network {network.Name} belongs to {holder}.");
    }

    private static async Task<Problem> ExhaustedAsync(
        NestDb db,
        Network network,
        AddressPool pool,
        AddressPointers pointers,
        CancellationToken cancellationToken
    )
    {
        var used = await db.Addresses.CountAsync(a => a.NetworkId == network.Id && a.Ip != null && a.FreedAt == null, cancellationToken);
        return Problem.AddressesExhausted(
            pointers.Ip,
            $"No address of {network.Subnet} of network {network.Name} is free: {used} of {pool.Size} are in use."
        );
    }
}
