using System.Net;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>
/// Allocates and frees rows of <see cref="Address"/>: first the lowest address that was never used, then the one that was freed first.
/// Concurrent allocations may get any free address. The cost depends neither on the size of the subnet nor on how much is in use.
/// </summary>
internal static class AddressDraw
{
    /// <summary>Concurrent allocations start at random within this distance above the lowest never-used address.</summary>
    private const long Spread = 4096;

    private const string IsMacFree = "NOT EXISTS (SELECT FROM addresses WHERE network_id = @network AND mac = @mac)";

    private const string Give = $"""
        INSERT INTO addresses AS a (owner_id, network_id, mac, ip) SELECT @owner, @network, @mac, @ip::inet WHERE {IsMacFree}
        ON CONFLICT (network_id, ip) DO UPDATE SET owner_id = excluded.owner_id, mac = excluded.mac, freed_at = NULL
            WHERE a.freed_at IS NOT NULL
        """;

    // The first never-used address is where the search starts, or follows an address that has a row, or follows a reserved range.
    // A concurrent allocation does not wait for our commit: it finds the row of next_addresses locked and starts somewhere above it.
    private static readonly string GiveNew = $"""
        WITH mine AS MATERIALIZED (SELECT ip FROM next_addresses WHERE network_id = @network FOR UPDATE SKIP LOCKED),
        present AS MATERIALIZED (SELECT ip FROM next_addresses WHERE network_id = @network),
        start AS MATERIALIZED (
            SELECT coalesce((SELECT ip FROM mine), (SELECT ip + floor(random() * least(@spread, greatest(@last::inet - ip + 1,
                1)))::bigint FROM present), @first::inet) AS ip),
        free AS MATERIALIZED (
            SELECT c.ip FROM (
                SELECT ip FROM start
                UNION ALL
                SELECT r.high + 1 FROM unnest(@low::inet[], @high::inet[]) AS r (low, high)
                UNION ALL
                (SELECT a.ip + 1 FROM addresses a
                 WHERE a.network_id = @network AND a.ip BETWEEN (SELECT ip FROM start) AND @last::inet
                   AND {WasNeverUsed("a.ip + 1")}
                   AND NOT {IsReserved("a.ip + 1")}
                 ORDER BY a.ip LIMIT 1)) c
            WHERE {IsMacFree} AND c.ip BETWEEN (SELECT ip FROM start) AND @last::inet
              AND {WasNeverUsed("c.ip")}
              AND NOT {IsReserved("c.ip")}
            ORDER BY c.ip LIMIT 1),
        given AS (
            INSERT INTO addresses (owner_id, network_id, mac, ip) SELECT @owner, @network, @mac, ip FROM free
                ON CONFLICT DO NOTHING RETURNING ip),
        next AS (
            INSERT INTO next_addresses (network_id, ip) SELECT @network, coalesce((SELECT ip FROM free), @last::inet) + 1
            WHERE EXISTS (SELECT FROM mine) OR NOT EXISTS (SELECT FROM present)
            ON CONFLICT (network_id) DO UPDATE SET ip = excluded.ip WHERE excluded.ip > next_addresses.ip)
        SELECT (SELECT ip FROM given), EXISTS (SELECT FROM free), EXISTS (SELECT FROM mine)
        """;

    private static readonly string GiveFreed = Freed("SKIP LOCKED");

    private static readonly string AwaitFreed = Freed("");

    /// <summary>
    /// Returns common table expressions that free the rows for which the SQL condition <paramref name="which"/> is true. Rows without an
    /// IPv4 address are deleted.
    /// </summary>
    public static string Free(string which) =>
        $"""
            freed AS (UPDATE addresses SET owner_id = NULL, mac = NULL, freed_at = clock_timestamp() WHERE {which} AND ip IS NOT NULL),
            dropped AS (DELETE FROM addresses WHERE {which} AND ip IS NULL)
            """;

    /// <summary>Allocates the MAC address and this IPv4 address; <paramref name="ip"/> null: only the MAC address.</summary>
    /// <returns>False if another port has one of the two.</returns>
    public static async Task<bool> GiveAsync(
        NestDb db,
        Guid owner,
        Guid network,
        MacAddress mac,
        Ipv4? ip,
        CancellationToken cancellationToken
    ) =>
        await db.ExecuteAsync(
            Give,
            cancellationToken,
            ("owner", owner),
            ("network", network),
            ("mac", mac.ToPhysicalAddress()),
            ("ip", ip?.ToIPAddress())
        ) > 0;

    /// <summary>Allocates any address of the pool. Null if none is free, or if another port has the MAC address.</summary>
    public static async Task<Ipv4?> GiveAnyAsync(
        NestDb db,
        Guid owner,
        Guid network,
        MacAddress mac,
        AddressPool pool,
        CancellationToken cancellationToken
    )
    {
        var parameters = Parameters(owner, network, mac, pool);
        return await GiveNewAsync(db, parameters, cancellationToken)
            ?? await GiveFreedAsync(db, GiveFreed, parameters, cancellationToken)
            ?? await GiveFreedAsync(db, AwaitFreed, parameters, cancellationToken);
    }

    private static async Task<Ipv4?> GiveNewAsync(NestDb db, (string Name, object? Value)[] parameters, CancellationToken cancellationToken)
    {
        // Every second search starts at the lowest address, so that no free address is missed. The loop ends: each lost race means that
        // another request got an address.
        for (var spread = Spread; ; spread = spread > 1 ? 1 : Spread)
        {
            var (given, isFree, isMine) = (
                await db.QueryAsync(
                    GiveNew,
                    row => (Ip(row, 0), row.GetBoolean(1), row.GetBoolean(2)),
                    cancellationToken,
                    [.. parameters, ("spread", spread)]
                )
            )[0];
            if (given is not null)
            {
                return given;
            }

            if (!isFree && (isMine || spread == 1))
            {
                return null;
            }
        }
    }

    private static async Task<Ipv4?> GiveFreedAsync(
        NestDb db,
        string sql,
        (string Name, object? Value)[] parameters,
        CancellationToken cancellationToken
    ) => await db.QueryAsync(sql, row => Ip(row, 0), cancellationToken, parameters) is [var freed] ? freed : null;

    private static (string Name, object? Value)[] Parameters(Guid owner, Guid network, MacAddress mac, AddressPool pool) =>
        [
            ("owner", owner),
            ("network", network),
            ("mac", mac.ToPhysicalAddress()),
            ("first", pool.First.ToIPAddress()),
            ("last", pool.Last.ToIPAddress()),
            ("low", pool.Taken.Select(r => r.Low.ToIPAddress()).ToArray()),
            ("high", pool.Taken.Select(r => r.High.ToIPAddress()).ToArray()),
        ];

    /// <summary>
    /// Adapts the stored state to a changed pool: the search starts at its lowest address again, and freed addresses outside of it are
    /// deleted.
    /// </summary>
    public static Task ResetAsync(NestDb db, Guid network, AddressPool pool, CancellationToken cancellationToken) =>
        db.ExecuteAsync(
            """
            WITH next AS (DELETE FROM next_addresses WHERE network_id = @network)
            DELETE FROM addresses WHERE network_id = @network AND freed_at IS NOT NULL AND ip NOT BETWEEN @first::inet AND @last::inet
            """,
            cancellationToken,
            ("network", network),
            ("first", pool.First.ToIPAddress()),
            ("last", pool.Last.ToIPAddress())
        );

    private static string Freed(string others) =>
        $"""
            UPDATE addresses SET owner_id = @owner, mac = @mac, freed_at = NULL
            WHERE {IsMacFree} AND id = (
                SELECT a.id FROM addresses a
                WHERE a.network_id = @network AND a.freed_at IS NOT NULL AND a.ip BETWEEN @first::inet AND @last::inet AND NOT {IsReserved(
                "a.ip"
            )}
                ORDER BY a.freed_at, a.ip LIMIT 1 FOR UPDATE {others})
            RETURNING ip
            """;

    private static string IsReserved(string ip) =>
        $"EXISTS (SELECT FROM unnest(@low::inet[], @high::inet[]) AS r (low, high) WHERE {ip} BETWEEN r.low AND r.high)";

    // A scalar subquery, because the planner can turn NOT EXISTS into a join that reads the whole table.
    private static string WasNeverUsed(string ip) =>
        $"(SELECT true FROM addresses b WHERE b.network_id = @network AND b.ip = {ip}) IS NULL";

    private static Ipv4? Ip(Npgsql.NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : Ipv4.From(row.GetFieldValue<IPAddress>(column));
}
