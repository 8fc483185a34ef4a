using Npgsql;
using NpgsqlTypes;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>
/// Creates leases of free tags. The caller holds the lock of the VM's row; the unique index on (VM, tag) rejects duplicates in any case.
/// </summary>
/// <remarks>
/// Times are those of the statement, not of the transaction: the statement runs under the lock, so the history rows of a tag never overlap.
/// </remarks>
internal static class Grant
{
    // Scalar subqueries, because the planner can turn NOT EXISTS into a join that reads all rows of the VM.
    private static readonly string IsFree = $"""
        (SELECT true FROM vlan_leases l WHERE l.vm_id = @vm AND l.tag = t.tag AND {Expiry.IsCurrent("l")}) IS NULL
        """;

    private const string WasNeverUsed = "(SELECT true FROM vlan_history h WHERE h.vm_id = @vm AND h.tag = t.tag LIMIT 1) IS NULL";

    // PostgreSQL reads the parts of a UNION ALL one after the other and stops at the limit. All tags below the VM's next_tag have been
    // used. generate_series in a SELECT list produces rows on demand; in FROM it would produce all rows first.
    private static readonly string Chosen = $"""
        SELECT @tag::int AS tag, false AS is_new WHERE @tag::int IS NOT NULL
        UNION ALL
        (SELECT t.tag, true FROM (SELECT generate_series(greatest(r.low, @next), r.high) AS tag
            FROM unnest(@low::int[], @high::int[]) AS r (low, high)) t
         WHERE @tag::int IS NULL AND {WasNeverUsed} AND {IsFree}
         LIMIT @count)
        UNION ALL
        (SELECT t.tag, false FROM unnest(@low::int[], @high::int[]) AS r (low, high), generate_series(r.low, r.high) AS t (tag),
            LATERAL (SELECT h.until FROM vlan_history h WHERE h.vm_id = @vm AND h.tag = t.tag ORDER BY h.until DESC LIMIT 1) last
         WHERE @tag::int IS NULL AND {IsFree}
         ORDER BY last.until, t.tag LIMIT @count)
        LIMIT @count
        """;

    private static readonly string Make = $"""
        WITH chosen AS MATERIALIZED ({Chosen}),
        granted AS (
            INSERT INTO vlan_leases AS old (id, vm_id, tag, state, container_id, container_name, owner, ttl, expires_at, since,
                awaits_all_chassis, revision)
            SELECT gen_random_uuid(), @vm, chosen.tag, CASE WHEN @container::uuid IS NULL THEN 'Reserved' ELSE 'Bound' END,
                @container, @name, (@owners)[row_number() OVER (ORDER BY chosen.tag)],
                @ttltext::text, statement_timestamp() + @ttl::interval, statement_timestamp(), false, 1
            FROM chosen
            WHERE NOT @alone OR NOT (
                (@name IS NOT NULL AND EXISTS (SELECT FROM vlan_leases mine WHERE mine.vm_id = @vm AND mine.container_name = @name))
                OR EXISTS (SELECT FROM vlan_leases mine WHERE mine.vm_id = @vm AND mine.owner = ANY(@owners)))
            ON CONFLICT (vm_id, tag) DO UPDATE SET
                id = excluded.id, state = excluded.state, container_id = excluded.container_id, container_name = excluded.container_name,
                    successor_id = NULL,
                owner = excluded.owner, ttl = excluded.ttl, expires_at = excluded.expires_at, since = excluded.since,
                    drain_nb_cfg = NULL, cool_until = NULL,
                former_ip = NULL, former_mac = NULL, awaits_all_chassis = false, revision = 1
            WHERE {Expiry.IsOver("old")}
            RETURNING id, tag, owner, expires_at, since),
        -- Subqueries see the state before this statement, so they find the replaced rows, which were over.
        ended AS (
            UPDATE vlan_history h SET until = (g.replaced).expires_at
            FROM (SELECT (SELECT l FROM vlan_leases l WHERE l.vm_id = @vm AND l.tag = granted.tag) AS replaced FROM granted) g
            WHERE h.lease_id = (g.replaced).id AND h.until IS NULL),
        remembered AS (
            INSERT INTO vlan_history (vm_id, vm_name, tag, lease_id, container_id, container_name, owner, "from")
            SELECT @vm, @vmname, tag, id, @container, @name, owner, since FROM granted),
        logged AS (
            INSERT INTO changes (by, request_id, kind, vm, name, object_id, action, after)
            SELECT @by, @request, 'vlan-lease', @vmname, tag, id, 'created', json_strip_nulls(json_build_object('spec',
                json_build_object('owner', owner, 'ttl', @ttltext)))
            FROM granted WHERE owner IS NOT NULL ORDER BY tag),
        moved AS (
            UPDATE vms SET next_tag = greatest(next_tag, CASE WHEN (SELECT count(*) FROM chosen
                WHERE is_new) < @count THEN {VlanRanges.Highest} + 1 ELSE (SELECT max(tag) + 1 FROM chosen WHERE is_new) END)
            WHERE id = @vm AND @tag::int IS NULL AND next_tag <= {VlanRanges.Highest} AND EXISTS (SELECT FROM granted))
        SELECT id, tag, owner, expires_at, since FROM granted ORDER BY tag
        """;

    /// <summary>Creates a lease that is bound to a container.</summary>
    /// <param name="tag">
    /// VLAN tag, 1–4094. Null for any tag of the VM's ranges: first one that was never used, then the one that has been free longest.
    /// </param>
    /// <param name="alone">True to bind a tag only if no lease of the VM belongs to the container's name.</param>
    /// <returns>The tag; null if it is not free, if no tag is free, or if <paramref name="alone"/> does not hold.</returns>
    public static async Task<int?> BoundAsync(
        NestDb db,
        Vm vm,
        Guid container,
        string name,
        int? tag,
        bool alone,
        CancellationToken cancellationToken
    )
    {
        var granted = await MakeAsync(db, vm, tag, 1, (container, name), null, null, alone, cancellationToken);
        return granted is [var one] ? one.Tag : null;
    }

    /// <summary>Reserves a tag for each owner key and writes the change log.</summary>
    /// <param name="tag">VLAN tag if there is one owner key; null: any.</param>
    /// <param name="ttl">Lifetime of the reservations; null: unlimited.</param>
    /// <param name="alone">True: only if no lease of the VM has one of the owner keys.</param>
    /// <returns>The leases, ordered by tag, not tracked. If there are fewer leases than keys, the caller rolls back.</returns>
    public static Task<List<VlanLease>> ReservedAsync(
        NestDb db,
        Vm vm,
        int? tag,
        string[] owners,
        (string Text, TimeSpan Time)? ttl,
        bool alone,
        CancellationToken cancellationToken
    ) => MakeAsync(db, vm, tag, owners.Length, null, owners, ttl, alone, cancellationToken);

    // Null parameters have a type too, because otherwise PostgreSQL plans the statement each time.
    private static Task<List<VlanLease>> MakeAsync(
        NestDb db,
        Vm vm,
        int? tag,
        int count,
        (Guid Id, string Name)? container,
        string[]? owners,
        (string Text, TimeSpan Time)? ttl,
        bool alone,
        CancellationToken cancellationToken
    )
    {
        var ranges = VlanRanges.Parse(vm.VlanRanges).Ranges;
        return db.QueryAsync(
            Make,
            row => Read(row, vm.Id, container, ttl?.Text),
            cancellationToken,
            ("vm", vm.Id),
            ("vmname", vm.Name),
            ("next", vm.NextTag),
            ("tag", Sql.Typed(NpgsqlDbType.Integer, tag)),
            ("count", count),
            ("container", Sql.Typed(NpgsqlDbType.Uuid, container?.Id)),
            ("name", Sql.Typed(NpgsqlDbType.Text, container?.Name)),
            ("owners", Sql.Typed(NpgsqlDbType.Array | NpgsqlDbType.Text, owners)),
            ("ttl", Sql.Typed(NpgsqlDbType.Interval, ttl?.Time)),
            ("ttltext", Sql.Typed(NpgsqlDbType.Text, ttl?.Text)),
            ("alone", alone),
            ("by", db.Actor.By),
            ("request", Sql.Typed(NpgsqlDbType.Text, db.Actor.RequestId)),
            ("low", ranges.Select(r => r.Low).ToArray()),
            ("high", ranges.Select(r => r.High).ToArray())
        );
    }

    private static VlanLease Read(NpgsqlDataReader row, Guid vm, (Guid Id, string Name)? container, string? ttl) =>
        new()
        {
            Id = row.GetGuid(0),
            VmId = vm,
            Tag = row.GetInt32(1),
            State = container is null ? LeaseState.Reserved : LeaseState.Bound,
            ContainerId = container?.Id,
            ContainerName = container?.Name,
            Owner = row.IsDBNull(2) ? null : row.GetString(2),
            Ttl = ttl,
            ExpiresAt = row.IsDBNull(3) ? null : row.GetFieldValue<DateTimeOffset>(3),
            Since = row.GetFieldValue<DateTimeOffset>(4),
        };
}
