using System.Net;
using Npgsql;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>
/// Allocates and frees rows of <see cref="Address"/>: first the lowest address that was never used, then the one that was freed first.
/// Concurrent allocations may get any free address. The cost depends neither on the size of the subnet nor on how much is in use.
/// </summary>
/// <remarks>In SQL an address that is counted is a bigint, the distance from 0.0.0.0.</remarks>
internal static class AddressDraw
{
    /// <summary>
    /// Concurrent allocations start at random within this distance above the lowest never-used address, so that lists that are being stored
    /// at the same time rarely meet.
    /// </summary>
    private const long Spread = 1 << 18;

    private const string Give = """
        INSERT INTO addresses AS a (owner_id, network_id, mac, ip)
        SELECT w.owner, w.network, w.mac, w.ip FROM unnest(@owners, @networks, @macs, @ips) AS w (owner, network, mac, ip)
        WHERE (SELECT true FROM addresses m WHERE m.network_id = w.network AND m.mac = w.mac) IS NULL
        ON CONFLICT (network_id, ip) DO UPDATE SET owner_id = excluded.owner_id, mac = excluded.mac, freed_at = NULL
            WHERE a.freed_at IS NOT NULL
        RETURNING owner_id, ip
        """;

    // One row for each network. Its ports and the ranges of its pool are parts of the other arrays. Ports whose MAC address is taken get
    // nothing. PostgreSQL expects few rows of unnest and a thousand of generate_series; with the latter it would compile the statement
    // (jit_above_cost) each time.
    private const string Wanted = """
        unnest(@pools, @firsts, @lasts, @portfrom, @portto, @rangefrom, @rangeto) AS p (network, first, last, portfrom, portto, rangefrom,
            rangeto)
        CROSS JOIN LATERAL (
            SELECT array_agg(o.owner) AS owners, array_agg(o.mac) AS macs, count(*)::int AS count
            FROM unnest((@owners)[p.portfrom : p.portto], (@macs)[p.portfrom : p.portto]) AS o (owner, mac)
            WHERE (SELECT true FROM addresses m WHERE m.network_id = p.network AND m.mac = o.mac) IS NULL) w
        """;

    // A concurrent allocation does not wait for our commit: it finds the row of next_addresses locked and starts somewhere above it.
    // generate_series in a SELECT list produces rows on demand; in FROM it would produce the whole range first. Scalar subqueries, because
    // the planner can turn NOT EXISTS into a join that reads the whole table.
    private const string GiveNew = $"""
        WITH pool AS MATERIALIZED (
            SELECT p.*, w.*, mine.ip IS NOT NULL OR present.ip IS NULL AS is_mine, coalesce(mine.ip - inet '0.0.0.0',
                present.ip - inet '0.0.0.0' + floor(random() * least(@spread, greatest(p.last - (present.ip - inet '0.0.0.0') + 2 - w.count,
                    1)))::bigint,
                p.first) AS start
            FROM {Wanted}
            LEFT JOIN LATERAL (SELECT n.ip FROM next_addresses n WHERE n.network_id = p.network FOR UPDATE SKIP LOCKED) mine ON true
            LEFT JOIN next_addresses present ON present.network_id = p.network),
        chosen AS MATERIALIZED (
            SELECT pool.*, f.ips FROM pool CROSS JOIN LATERAL (
                SELECT array_agg(x.ip) AS ips FROM (
                    SELECT c.ip FROM (
                        SELECT inet '0.0.0.0' + generate_series(greatest(r.low, pool.start), r.high) AS ip
                        FROM unnest((@low)[pool.rangefrom : pool.rangeto], (@high)[pool.rangefrom : pool.rangeto]) AS r (low, high)
                        WHERE r.high >= pool.start) c
                    WHERE (SELECT true FROM addresses b WHERE b.network_id = pool.network AND b.ip = c.ip) IS NULL
                    LIMIT pool.count) x) f),
        free AS MATERIALIZED (
            SELECT c.network, u.owner, u.mac, u.ip FROM chosen c CROSS JOIN LATERAL unnest(c.owners, c.macs, c.ips) AS u (owner, mac, ip)
            WHERE u.ip IS NOT NULL),
        given AS (
            INSERT INTO addresses (owner_id, network_id, mac, ip) SELECT owner, network, mac, ip FROM free
            ON CONFLICT (network_id, ip) DO NOTHING RETURNING owner_id, ip),
        next AS (
            INSERT INTO next_addresses AS n (network_id, ip)
            SELECT c.network, coalesce(c.ips[c.count], inet '0.0.0.0' + c.last) + 1 FROM chosen c WHERE c.is_mine AND c.count > 0
            ON CONFLICT (network_id) DO UPDATE SET ip = excluded.ip WHERE excluded.ip > n.ip)
        SELECT owner_id, ip FROM given
        UNION ALL SELECT owner, NULL FROM free WHERE owner NOT IN (SELECT owner_id FROM given)
        UNION ALL SELECT network, NULL FROM chosen WHERE NOT is_mine AND @spread > 1 AND coalesce(cardinality(ips), 0) < count
        """;

    private static readonly string GiveFreed = Freed("SKIP LOCKED");

    private static readonly string AwaitFreed = Freed("");

    /// <summary>
    /// Returns common table expressions that free the rows for which the SQL condition <paramref name="which"/> is true. Rows without an
    /// IPv4 address are deleted.
    /// </summary>
    public static string Free(string which) =>
        $"""
            freed AS (UPDATE addresses SET owner_id = NULL, mac = NULL, foreign_port = NULL, foreign_name = NULL,
                freed_at = clock_timestamp() WHERE {which} AND ip IS NOT NULL),
            dropped AS (DELETE FROM addresses WHERE {which} AND ip IS NULL)
            """;

    /// <summary>
    /// Returns the SQL condition that no port of the network allows this single address besides its own. An address that a port allows has
    /// a row, see <see cref="KeepAllowedAsync"/>, so the search for a never-used address does not find it either.
    /// </summary>
    public static string IsNotAllowed(string network, string ip) =>
        $"(SELECT true FROM ({AllowedIn(network)}) AS allowed WHERE allowed.ip = {ip} LIMIT 1) IS NULL";

    /// <summary>
    /// Stores a freed row for each single address in these networks that a port allows besides its own, if it has none. When the port no
    /// longer allows it, it can be allocated like other freed addresses.
    /// </summary>
    public static async Task KeepAllowedAsync(NestDb db, IReadOnlyCollection<Network> networks, CancellationToken cancellationToken)
    {
        var subnets = networks.Where(network => network.Subnet is not null).OrderBy(network => network.Id).ToList();
        if (subnets.Count > 0)
        {
            await db.ExecuteAsync(
                $"""
                INSERT INTO addresses (network_id, ip, freed_at)
                SELECT n.id, a.ip, clock_timestamp() FROM unnest(@networks, @subnets) AS n (id, subnet)
                    CROSS JOIN LATERAL ({AllowedIn("n.id")}) a WHERE a.ip << n.subnet::inet ORDER BY n.id, a.ip
                ON CONFLICT (network_id, ip) DO NOTHING
                """,
                cancellationToken,
                ("networks", subnets.Select(network => network.Id).ToArray()),
                ("subnets", subnets.Select(network => network.Subnet.ToString() ?? "").ToArray())
            );
        }
    }

    /// <summary>Frees the addresses of these VMs and containers.</summary>
    public static async Task FreeAsync(NestDb db, Guid[] owners, CancellationToken cancellationToken)
    {
        if (owners.Length > 0)
        {
            await db.ExecuteAsync($"WITH {Free("owner_id = ANY(@owners)")} SELECT", cancellationToken, ("owners", owners));
        }
    }

    /// <summary>
    /// Allocates the MAC and the IPv4 address of each plan; only the MAC address if it has no other. A plan is not given if another port
    /// has one of the two.
    /// </summary>
    public static Task GiveAsync(NestDb db, IReadOnlyCollection<AddressPlan> plans, CancellationToken cancellationToken)
    {
        // Concurrent lists wait for each other's addresses in the same order.
        var ordered = plans.OrderBy(plan => plan.NetworkId).ThenBy(plan => plan.Ip).ToList();
        return GiveAsync(
            db,
            Give,
            ordered,
            cancellationToken,
            ("owners", ordered.Select(plan => plan.Owner).ToArray()),
            ("networks", ordered.Select(plan => plan.NetworkId).ToArray()),
            ("macs", ordered.Select(plan => plan.SettleMac().ToPhysicalAddress()).ToArray()),
            ("ips", ordered.Select<AddressPlan, IPAddress?>(plan => plan.Ip?.ToIPAddress()).ToArray())
        );
    }

    /// <summary>
    /// Allocates the MAC address and any IPv4 address of the pool for each plan, in order. A plan is not given if no address is free, or if
    /// another port has the MAC address.
    /// </summary>
    public static async Task GiveAnyAsync(NestDb db, List<AddressPlan> plans, CancellationToken cancellationToken)
    {
        await GiveNewAsync(db, plans, cancellationToken);
        foreach (var sql in new[] { GiveFreed, AwaitFreed })
        {
            var open = plans.FindAll(plan => !plan.IsGiven);
            await GiveAsync(db, sql, open, cancellationToken, Parameters(open));
        }
    }

    /// <summary>
    /// Adapts the stored state to new or changed pools: the search starts at the lowest address again, and freed addresses outside of the
    /// subnet are deleted.
    /// </summary>
    public static async Task ResetAsync(NestDb db, IReadOnlyCollection<Network> networks, CancellationToken cancellationToken)
    {
        var pools = networks.Where(network => network.Subnet is not null).Select(network => (network.Id, Pool: AddressPool.Of(network)));
        var rows = pools.OrderBy(row => row.Id).ToList();
        if (rows.Count == 0)
        {
            return;
        }

        await db.ExecuteAsync(
            """
            WITH next AS (
                INSERT INTO next_addresses (network_id, ip) SELECT * FROM unnest(@networks, @firsts)
                ON CONFLICT (network_id) DO UPDATE SET ip = excluded.ip)
            DELETE FROM addresses a USING unnest(@networks, @firsts, @lasts) AS p (network, first, last)
            WHERE a.network_id = p.network AND a.freed_at IS NOT NULL AND a.ip NOT BETWEEN p.first AND p.last
            """,
            cancellationToken,
            ("networks", rows.Select(row => row.Id).ToArray()),
            ("firsts", rows.Select(row => row.Pool.First.ToIPAddress()).ToArray()),
            ("lasts", rows.Select(row => row.Pool.Last.ToIPAddress()).ToArray())
        );
    }

    private static async Task GiveNewAsync(NestDb db, List<AddressPlan> plans, CancellationToken cancellationToken)
    {
        // Every second search starts at the lowest address, so that no free address is missed. The loop ends: each lost race means that
        // another request got an address.
        var open = plans;
        for (var spread = Spread; open.Count > 0; spread = spread > 1 ? 1 : Spread)
        {
            var again = await GiveAsync(db, GiveNew, open, cancellationToken, [.. Parameters(open), ("spread", spread)]);
            open = open.FindAll(plan => !plan.IsGiven && (again.Contains(plan.Owner) || again.Contains(plan.NetworkId)));
        }
    }

    /// <summary>Runs a statement that returns the owners of the addresses that it has stored.</summary>
    /// <returns>The ids that the statement has returned without an address.</returns>
    private static async Task<HashSet<Guid>> GiveAsync(
        NestDb db,
        string sql,
        List<AddressPlan> plans,
        CancellationToken cancellationToken,
        params (string Name, object? Value)[] parameters
    )
    {
        if (plans.Count == 0)
        {
            return [];
        }

        var byOwner = plans.ToDictionary(plan => plan.Owner);
        var others = new HashSet<Guid>();
        foreach (var (id, ip) in await db.QueryAsync(sql, row => (row.GetGuid(0), Ip(row)), cancellationToken, parameters))
        {
            if (byOwner.TryGetValue(id, out var plan) && (ip is not null || !plan.IsDraw))
            {
                plan.Give(ip);
            }
            else
            {
                others.Add(id);
            }
        }

        return others;
    }

    private static (string Name, object? Value)[] Parameters(List<AddressPlan> plans)
    {
        var pools = plans.GroupBy(plan => plan.NetworkId).OrderBy(pool => pool.Key).Select(pool => pool.ToList()).ToList();
        var ports = Bounds(pools.ConvertAll(pool => pool.Count));
        var ranges = Bounds(pools.ConvertAll(pool => pool[0].Pool.Segments.Count));
        return
        [
            ("pools", pools.Select(pool => pool[0].NetworkId).ToArray()),
            ("firsts", pools.Select(pool => (long)pool[0].Pool.First.Value).ToArray()),
            ("lasts", pools.Select(pool => (long)pool[0].Pool.Last.Value).ToArray()),
            ("portfrom", ports.From),
            ("portto", ports.To),
            ("rangefrom", ranges.From),
            ("rangeto", ranges.To),
            ("owners", pools.SelectMany(pool => pool.Select(plan => plan.Owner)).ToArray()),
            ("macs", pools.SelectMany(pool => pool.Select(plan => plan.SettleMac().ToPhysicalAddress())).ToArray()),
            ("low", pools.SelectMany(pool => pool[0].Pool.Segments.Select(segment => segment.Low)).ToArray()),
            ("high", pools.SelectMany(pool => pool[0].Pool.Segments.Select(segment => segment.High)).ToArray()),
        ];
    }

    /// <summary>Returns the first and last index of consecutive parts of a PostgreSQL array, whose indexes start at 1.</summary>
    private static (int[] From, int[] To) Bounds(List<int> lengths)
    {
        var to = lengths.ToArray();
        for (var i = 1; i < to.Length; i++)
        {
            to[i] += to[i - 1];
        }

        return ([.. to.Zip(lengths, (end, length) => end - length + 1)], to);
    }

    /// <summary>Returns a SELECT of the single addresses that ports of the network allow besides their own.</summary>
    private static string AllowedIn(string network) =>
        $$"""
            SELECT substring(x.allowed FROM '[0-9.]+$')::inet AS ip FROM (
                SELECT unnest(allowed_addresses) AS allowed FROM vms WHERE network_id = {{network}} AND allowed_addresses <> '{}'
                UNION ALL SELECT unnest(allowed_addresses) FROM containers WHERE network_id = {{network}} AND allowed_addresses <> '{}') x
            WHERE strpos(x.allowed, '/') = 0
            """;

    private static string Freed(string others) =>
        $"""
            WITH chosen AS MATERIALIZED (
                SELECT w.owners, w.macs, f.ids FROM {Wanted} CROSS JOIN LATERAL (
                    SELECT array_agg(x.id) AS ids FROM (
                        SELECT a.id FROM addresses a
                        WHERE a.network_id = p.network AND a.freed_at IS NOT NULL AND (
                            SELECT true FROM unnest((@low)[p.rangefrom : p.rangeto], (@high)[p.rangefrom : p.rangeto]) AS r (low, high)
                            WHERE a.ip - inet '0.0.0.0' BETWEEN r.low AND r.high)
                            AND {IsNotAllowed("p.network", "a.ip")}
                        ORDER BY a.freed_at, a.ip LIMIT w.count FOR UPDATE {others}) x) f)
            UPDATE addresses a SET owner_id = u.owner, mac = u.mac, freed_at = NULL
            FROM chosen c CROSS JOIN LATERAL unnest(c.owners, c.macs, c.ids) AS u (owner, mac, id)
            WHERE a.id = u.id RETURNING a.owner_id, a.ip
            """;

    private static Ipv4? Ip(NpgsqlDataReader row) => row.IsDBNull(1) ? null : Ipv4.From(row.GetFieldValue<IPAddress>(1));
}
