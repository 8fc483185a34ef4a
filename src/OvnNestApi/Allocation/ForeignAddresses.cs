using System.Net;
using System.Net.NetworkInformation;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>
/// Records the addresses of ports that this service did not create, as rows of <see cref="Address"/> without an owner: the unique indexes
/// then keep allocations away from them.
/// </summary>
internal static class ForeignAddresses
{
    private const string Wanted = "unnest(@networks, @macs, @ips, @ports, @names) AS w (network, mac, ip, port, name)";

    private const string IsNotWanted = $"""
        (ip IS NULL OR (network_id, ip, foreign_port) NOT IN (SELECT w.network, w.ip, w.port FROM {Wanted} WHERE w.ip IS NOT NULL))
        AND (ip IS NOT NULL OR (network_id, mac, foreign_port) NOT IN (SELECT w.network, w.mac, w.port FROM {Wanted} WHERE w.mac IS NOT NULL
            AND w.ip IS NULL))
        """;

    private static readonly string Release = $"WITH {AddressDraw.Free($"foreign_port = ANY(@changed) AND {IsNotWanted}")} SELECT";

    private static readonly string ReleaseAll =
        $"WITH {AddressDraw.Free($"foreign_port IS NOT NULL AND foreign_port <> ALL(@unknown) AND {IsNotWanted}")} SELECT";

    // A MAC address that another row has is left out; the IPv4 address is recorded in any case.
    private const string Store = $"""
        INSERT INTO addresses AS a (network_id, mac, ip, foreign_port, foreign_name)
        SELECT w.network, CASE WHEN (SELECT true FROM addresses m WHERE m.network_id = w.network AND m.mac = w.mac
                AND m.ip IS DISTINCT FROM w.ip) IS NULL THEN w.mac END, w.ip, w.port, w.name
        FROM {Wanted} JOIN networks n ON n.id = w.network WHERE w.ip IS NOT NULL ORDER BY w.network, w.ip
        ON CONFLICT (network_id, ip) DO UPDATE SET mac = excluded.mac, foreign_port = excluded.foreign_port,
                foreign_name = excluded.foreign_name, freed_at = NULL
            WHERE a.freed_at IS NOT NULL OR a.foreign_port = excluded.foreign_port;
        INSERT INTO addresses (network_id, mac, foreign_port, foreign_name)
        SELECT w.network, w.mac, w.port, w.name FROM {Wanted} JOIN networks n ON n.id = w.network WHERE w.ip IS NULL
        ON CONFLICT (network_id, mac) DO NOTHING
        """;

    // A port of ours that has lost its owner mark looks like a foreign one; its UUID shows whose it is.
    private const string Conflicts = $"""
        SELECT DISTINCT c.owner_id, c.port FROM (
            SELECT a.owner_id, w.port FROM {Wanted} JOIN addresses a ON a.network_id = w.network AND a.ip = w.ip
            UNION ALL SELECT a.owner_id, w.port FROM {Wanted} JOIN addresses a ON a.network_id = w.network AND a.mac = w.mac) c
        LEFT JOIN vms v ON v.id = c.owner_id LEFT JOIN containers k ON k.id = c.owner_id
        WHERE c.owner_id IS NOT NULL AND coalesce(v.port_uuid, k.port_uuid) <> c.port
        """;

    /// <summary>
    /// Records the addresses of ports that have changed, and releases those that they no longer have. An address that a port of ours has
    /// already is not recorded.
    /// </summary>
    /// <param name="changed">UUIDs of the ports; null if they are all ports.</param>
    /// <param name="unknown">If the ports are all ports: UUIDs of others, whose addresses are not known.</param>
    /// <param name="present">All addresses of the ports; no address of a network occurs twice.</param>
    /// <returns>The ports of ours that have one of the addresses, each with the UUID of the foreign port.</returns>
    public static async Task<List<(Guid Owner, Guid Port)>> RecordAsync(
        NestDb db,
        IReadOnlyCollection<Guid>? changed,
        IEnumerable<Guid> unknown,
        IReadOnlyList<UsedAddress> present,
        CancellationToken cancellationToken
    )
    {
        var parameters = Parameters(present);
        await (
            changed is null
                ? db.ExecuteAsync(ReleaseAll, cancellationToken, [.. parameters, ("unknown", unknown.ToArray())])
                : db.ExecuteAsync(Release, cancellationToken, [.. parameters, ("changed", changed.ToArray())])
        );
        if (present.Count == 0)
        {
            return [];
        }

        await db.ExecuteAsync(Store, cancellationToken, parameters);
        return await db.QueryAsync(Conflicts, row => (row.GetGuid(0), row.GetGuid(1)), cancellationToken, parameters);
    }

    /// <summary>Releases the addresses that were recorded for these foreign ports.</summary>
    /// <param name="ports">UUIDs of the ports' NB rows.</param>
    public static Task ReleaseAsync(NestDb db, IReadOnlyCollection<Guid> ports, CancellationToken cancellationToken) =>
        ports.Count == 0
            ? Task.CompletedTask
            : db.ExecuteAsync(
                $"WITH {AddressDraw.Free("foreign_port = ANY(@ports)")} SELECT",
                cancellationToken,
                ("ports", ports.ToArray())
            );

    private static (string Name, object? Value)[] Parameters(IReadOnlyList<UsedAddress> present) =>
        [
            ("networks", present.Select(one => one.Network).ToArray()),
            ("macs", present.Select<UsedAddress, PhysicalAddress?>(one => one.Mac?.ToPhysicalAddress()).ToArray()),
            ("ips", present.Select<UsedAddress, IPAddress?>(one => one.Ip?.ToIPAddress()).ToArray()),
            ("ports", present.Select(one => one.Port).ToArray()),
            ("names", present.Select(one => one.Name).ToArray()),
        ];
}

/// <summary>An address of a foreign port in a network.</summary>
/// <param name="Network">Id of the network.</param>
/// <param name="Mac">MAC address; null if another row of the port has it.</param>
/// <param name="Ip">IPv4 address in the subnet of the network; null if there is none.</param>
/// <param name="Port">UUID of the port's NB row.</param>
/// <param name="Name">Name of the port.</param>
internal readonly record struct UsedAddress(Guid Network, MacAddress? Mac, Ipv4? Ip, Guid Port, string Name);
