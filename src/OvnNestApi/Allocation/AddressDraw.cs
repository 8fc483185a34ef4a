using System.Net;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>
/// Gives and takes back rows of <see cref="Address"/>: never-used addresses first, ascending, then the one that was freed first; exact for
/// one asker, any
/// free one under a race. What a draw costs does not depend on the size of the subnet, nor on how much of it is in use.
/// </summary>
internal static class AddressDraw
{
    /// <summary>How far above the lowest never-used address those begin who find somebody else there.</summary>
    private const long Spread = 4096;

    private const string IsMacFree = "NOT EXISTS (SELECT FROM addresses WHERE network_id = @network AND mac = @mac)";

    private const string Give = $"""
        INSERT INTO addresses AS a (owner_id, network_id, mac, ip) SELECT @owner, @network, @mac, @ip::inet WHERE {IsMacFree}
        ON CONFLICT (network_id, ip) DO UPDATE SET owner_id = excluded.owner_id, mac = excluded.mac, freed_at = NULL
            WHERE a.freed_at IS NOT NULL
        """;

    // The first never-used address from where the search starts is that itself, or follows one that has a row, or follows a range that is
    // not handed out.
    // Who draws at the same time does not wait for our commit: the row of next_addresses is locked, so the search starts somewhere above
    // it.
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
    /// The parts of a statement that free the addresses that <paramref name="which"/> says; those of networks without a subnet leave no
    /// row.
    /// </summary>
    public static string Free(string which) =>
        $"""
            freed AS (UPDATE addresses SET owner_id = NULL, mac = NULL, freed_at = clock_timestamp() WHERE {which} AND ip IS NOT NULL),
            dropped AS (DELETE FROM addresses WHERE {which} AND ip IS NULL)
            """;

    /// <summary>Gives this address, or (null) none but the MAC address.</summary>
    /// <returns>False: somebody has one of the two.</returns>
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

    /// <summary>Gives any address of the pool. Null: none is free, or somebody has the MAC address.</summary>
    public static async Task<Ipv4?> GiveAnyAsync(
        NestDb db,
        Guid owner,
        Guid network,
        MacAddress mac,
        AddressPool pool,
        CancellationToken cancellationToken
    )
    {
        // Every other time from the lowest on, so that nothing below is overlooked. An address that is lost is another's: that ends.
        for (var spread = Spread; ; spread = spread > 1 ? 1 : Spread)
        {
            var (given, isFree, isMine) = (
                await QueryAsync(GiveNew, row => (Ip(row, 0), row.GetBoolean(1), row.GetBoolean(2)), ("spread", spread))
            )[0];
            if (given is not null)
            {
                return given;
            }

            if (!isFree && (isMine || spread == 1))
            {
                break;
            }
        }

        return await FreedAsync(GiveFreed) ?? await FreedAsync(AwaitFreed);

        async Task<Ipv4?> FreedAsync(string sql) => await QueryAsync(sql, row => Ip(row, 0)) is [var freed] ? freed : null;

        Task<List<T>> QueryAsync<T>(string sql, Func<Npgsql.NpgsqlDataReader, T> read, params (string, object?)[] more) =>
            db.QueryAsync(
                sql,
                read,
                cancellationToken,
                [
                    ("owner", owner),
                    ("network", network),
                    ("mac", mac.ToPhysicalAddress()),
                    ("first", pool.First.ToIPAddress()),
                    ("last", pool.Last.ToIPAddress()),
                    ("low", pool.Taken.Select(r => r.Low.ToIPAddress()).ToArray()),
                    ("high", pool.Taken.Select(r => r.High.ToIPAddress()).ToArray()),
                    .. more,
                ]
            );
    }

    /// <summary>
    /// The pool has changed: what was left out of it below may be given now, and what was freed outside of it is forgotten.
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

    // A scalar, which the planner cannot turn into a join that reads the whole table.
    private static string WasNeverUsed(string ip) =>
        $"(SELECT true FROM addresses b WHERE b.network_id = @network AND b.ip = {ip}) IS NULL";

    private static Ipv4? Ip(Npgsql.NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : Ipv4.From(row.GetFieldValue<IPAddress>(column));
}
