using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>Assigns MAC and IPv4 addresses in the caller's transaction. The unique indexes decide concurrent requests.</summary>
internal static class AddressBook
{
    private static readonly string Free = $"WITH {AddressDraw.Free("owner_id IN (@port, @former)")} SELECT";

    /// <summary>
    /// Sets <see cref="LogicalPort.Mac"/> and <see cref="LogicalPort.Ip"/>. Order of preference: the requested address, the port's present
    /// address if it is valid in the network, the address of the previous incarnation (remembered after its deletion while its tag drains
    /// or cools down), a free address. The port's row need not be stored yet.
    /// </summary>
    /// <param name="predecessor">Previous incarnation that is being deleted; its addresses pass to the port. Null if none.</param>
    /// <param name="mayRemember">False if the caller knows that no addresses are remembered for the port's name.</param>
    /// <returns>Null on success; 400 <c>validation-failed</c>, 409 <c>address-taken</c> or <c>addresses-exhausted</c> otherwise.</returns>
    public static async Task<Problem?> AssignAsync(
        NestDb db,
        LogicalPort port,
        Network network,
        AddressRequest request,
        LogicalPort? predecessor,
        bool mayRemember,
        CancellationToken cancellationToken
    )
    {
        var pool = AddressPool.Of(network);
        if (Check(request, network, pool) is { } invalid)
        {
            return invalid;
        }

        var isNew = port.Mac.Value == 0;
        var former = isNew ? predecessor : port;
        var previous = former is not null
            ? (former.Mac, former.Ip)
            : await RememberedAsync(db, port, network, mayRemember, cancellationToken);
        var mac = request.Mac ?? previous?.Mac ?? MacAddress.Random();
        var ip = request.Ip ?? (previous?.Ip is { } previousIp && pool.WhyNot(previousIp) is null ? previousIp : null);
        if (!isNew && IsUnchanged(db, port, network, mac, ip))
        {
            return null;
        }

        if (former is not null)
        {
            await db.ExecuteAsync(Free, cancellationToken, ("port", port.Id), ("former", former.Id));
        }

        return await GiveAsync(db, port, network, pool, mac, ip, request.Pointers, cancellationToken);
    }

    private static Problem? Check(AddressRequest request, Network network, AddressPool pool)
    {
        if (request.Ip is { } ip && pool.WhyNot(ip) is { } reason)
        {
            return Problem.ValidationFailed(request.Pointers.Ip, reason);
        }

        return request.Mac is { } mac && mac == network.GatewayMac
            ? Problem.AddressTaken(request.Pointers.Mac, $"{mac} is the MAC address of the gateway of network {network.Name}.")
            : null;
    }

    private static bool IsUnchanged(NestDb db, LogicalPort port, Network network, MacAddress mac, Ipv4? ip) =>
        mac == port.Mac
        && ip == port.Ip
        && (ip is null) == (network.Subnet is null)
        && !db.Entry(port).Property(p => p.NetworkId).IsModified;

    /// <summary>
    /// Stores the addresses and sets them in the port. With <paramref name="ip"/> null it takes any free one, if the network has a subnet.
    /// </summary>
    private static async Task<Problem?> GiveAsync(
        NestDb db,
        LogicalPort port,
        Network network,
        AddressPool pool,
        MacAddress mac,
        Ipv4? ip,
        AddressPointers pointers,
        CancellationToken cancellationToken
    )
    {
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
                ?? Problem.AddressTaken(pointers.Ip, "Another request has just taken this address. Try again.") with
                {
                    Retryable = true,
                };
        }

        (port.Mac, port.Ip) = (mac, ip);
        return null;
    }

    /// <summary>
    /// Returns the addresses of the deleted container of the same name if they are still free; null if none are remembered.
    /// </summary>
    private static async Task<(MacAddress Mac, Ipv4? Ip)?> RememberedAsync(
        NestDb db,
        LogicalPort port,
        Network network,
        bool mayRemember,
        CancellationToken cancellationToken
    )
    {
        if (!mayRemember || port is not Container container)
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
        var holder = (vm, container) switch
        {
            ({ } name, _) => $"VM {name}",
            (_, { } name) => $"container {name}",
            _ => "another port",
        };
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
