using System.Net;
using System.Net.NetworkInformation;
using Npgsql;
using OvnNestApi.Data;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>
/// Assigns MAC and IPv4 addresses in the caller's transaction. The unique indexes decide concurrent requests. The number of statements does
/// not depend on the number of ports.
/// </summary>
internal static class AddressBook
{
    // The remembered addresses of the deleted container of the same name, if they are still free.
    private static readonly string ReadRemembered = $"""
        SELECT w.place::int, l.former_mac, l.former_ip
        FROM unnest(@networks, @vms, @names) WITH ORDINALITY AS w (network, vm, name, place)
        CROSS JOIN LATERAL (
            SELECT l.former_mac, l.former_ip FROM vlan_leases l
            WHERE l.vm_id = w.vm AND l.container_name = w.name AND l.former_mac IS NOT NULL ORDER BY l.since DESC LIMIT 1) l
        WHERE (SELECT true FROM addresses a WHERE a.network_id = w.network AND a.mac = l.former_mac) IS NULL
          AND (SELECT true FROM addresses a WHERE a.network_id = w.network AND a.ip = l.former_ip AND a.freed_at IS NULL) IS NULL
          AND {AddressDraw.IsNotAllowed("w.network", "l.former_ip")}
        """;

    /// <summary>
    /// Sets <see cref="LogicalPort.Mac"/> and <see cref="LogicalPort.Ip"/> of each port. Order of preference: the requested address, the
    /// port's present address if it is valid in the network, the address of the previous incarnation (remembered after its deletion while
    /// its tag drains or cools down), a free address. Addresses that one port of the list gives up are available to the others. The ports'
    /// rows need not be stored yet. If a port cannot get its addresses, the caller rolls back.
    /// </summary>
    /// <returns>
    /// One entry for each request, in order: null on success; 400 <c>validation-failed</c>, 409 <c>address-taken</c> or
    /// <c>addresses-exhausted</c> otherwise.
    /// </returns>
    public static async Task<IReadOnlyList<Problem?>> AssignAsync(
        NestDb db,
        MacPrefix macPrefix,
        IReadOnlyList<AddressRequest> requests,
        CancellationToken cancellationToken
    )
    {
        var pools = requests
            .GroupBy(request => request.Network.Id)
            .ToDictionary(group => group.Key, group => AddressPool.Of(group.First().Network, group.Select(request => request.Port)));
        var plans = requests.Select(request => new AddressPlan(request, pools[request.Network.Id], macPrefix)).ToList();
        var choice = new AddressChoice(plans);
        await RememberAsync(db, choice, plans.FindAll(plan => plan.Remembering is not null), cancellationToken);

        var changed = plans.FindAll(plan => plan.Problem is null && !plan.IsUnchanged);
        await AddressDraw.FreeAsync(db, [.. changed.Select(plan => plan.Former).OfType<Guid>()], cancellationToken);
        await ForeignAddresses.ReleaseAsync(db, [.. requests.Select(request => request.Adopted).OfType<Guid>()], cancellationToken);
        for (var open = changed; open.Count > 0; open = await AddressConflicts.ChangeMacsAsync(db, open, cancellationToken))
        {
            await AddressDraw.GiveAsync(db, open.FindAll(plan => !plan.IsDraw), cancellationToken);
            await AddressDraw.GiveAnyAsync(db, open.FindAll(plan => plan.IsDraw), cancellationToken);
        }

        if (changed.Exists(plan => !plan.IsGiven))
        {
            await AddressConflicts.ExplainAsync(db, changed, cancellationToken);
        }

        return plans.ConvertAll(plan => plan.Problem);
    }

    private static async Task RememberAsync(NestDb db, AddressChoice choice, List<AddressPlan> plans, CancellationToken cancellationToken)
    {
        if (plans.Count == 0)
        {
            return;
        }

        var containers = plans.Select(plan => plan.Remembering).OfType<Container>().ToList();
        var remembered = await db.QueryAsync(
            ReadRemembered,
            row => (Place: row.GetInt32(0), Mac: MacAddress.From(row.GetFieldValue<PhysicalAddress>(1)), Ip: Ip(row, 2)),
            cancellationToken,
            ("networks", plans.Select(plan => plan.NetworkId).ToArray()),
            ("vms", containers.Select(container => container.VmId).ToArray()),
            ("names", containers.Select(container => container.Name).ToArray())
        );
        foreach (var (place, mac, ip) in remembered.OrderBy(one => one.Place))
        {
            choice.Remember(plans[place - 1], mac, ip);
        }
    }

    private static Ipv4? Ip(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : Ipv4.From(row.GetFieldValue<IPAddress>(column));
}
