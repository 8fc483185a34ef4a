using Npgsql;
using NpgsqlTypes;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>
/// Creates leases of free tags, in one statement for any number of leases. The caller holds the locks of the VMs' rows; the unique index on
/// (VM, tag) rejects duplicates in any case.
/// </summary>
/// <remarks>
/// Times are those of the statement, not of the transaction: the statement runs under the locks, so the history rows of a tag never
/// overlap.
/// </remarks>
internal static class Grant
{
    // Scalar subqueries, because the planner can turn NOT EXISTS into a join that reads all rows of the VM.
    private static readonly string IsFree = $"""
        (SELECT true FROM vlan_leases l WHERE l.vm_id = w.vm AND l.tag = t.tag AND {Expiry.IsCurrent("l")}) IS NULL
        """;

    private const string WasNeverUsed = "(SELECT true FROM vlan_history h WHERE h.vm_id = w.vm AND h.tag = t.tag LIMIT 1) IS NULL";

    private const string IsUnclaimed = "(w.vm, t.tag) NOT IN (SELECT c.vm, c.tag FROM claimed c)";

    // PostgreSQL reads the parts of a UNION ALL one after the other and stops at the limit. All tags below the VM's next_tag have been
    // used. generate_series in a SELECT list produces rows on demand; in FROM it would produce all rows first.
    private static readonly string Free = $"""
        (SELECT t.tag, true AS is_new FROM (SELECT generate_series(greatest(lower(r.r), w.next), upper(r.r) - 1) AS tag
            FROM unnest(w.ranges::int4multirange) AS r (r)) t
         WHERE {WasNeverUsed} AND {IsFree} AND {IsUnclaimed}
         LIMIT w.count)
        UNION ALL
        (SELECT t.tag, false FROM unnest(w.ranges::int4multirange) AS r (r), generate_series(lower(r.r), upper(r.r) - 1) AS t (tag),
            LATERAL (SELECT h.until FROM vlan_history h WHERE h.vm_id = w.vm AND h.tag = t.tag ORDER BY h.until DESC LIMIT 1) last
         WHERE {IsFree} AND {IsUnclaimed}
         ORDER BY last.until, t.tag LIMIT w.count)
        LIMIT w.count
        """;

    // The requests of a VM are arrays, from which each drawn tag picks one. A join of requests and drawn tags would be quadratic whenever
    // the planner expects few rows.
    private static readonly string Chosen = $"""
        requests AS MATERIALIZED (
            SELECT r.* FROM unnest(@vms::uuid[], @next::int[], @ranges::text[], @tags::int[], @containers::uuid[], @names::text[],
                @owners::text[]) WITH ORDINALITY AS r (vm, next, ranges, tag, container, name, owner, ord)
            WHERE NOT @alone OR (
                (SELECT true FROM vlan_leases mine WHERE mine.vm_id = r.vm AND mine.container_name = r.name LIMIT 1) IS NULL
                AND NOT EXISTS (SELECT FROM unnest(@vms::uuid[], @owners::text[]) AS o (vm, owner)
                    JOIN vlan_leases mine ON mine.vm_id = o.vm AND mine.owner = o.owner))),
        claimed AS MATERIALIZED (
            SELECT c.vm, c.tag FROM unnest(@claimedvms::uuid[], @claimedtags::int[]) AS c (vm, tag)
            UNION ALL SELECT r.vm, r.tag FROM requests r WHERE r.tag IS NOT NULL),
        wanted AS MATERIALIZED (
            SELECT r.vm, r.next, r.ranges, count(*) AS count, array_agg(r.container ORDER BY r.ord) AS containers,
                array_agg(r.name ORDER BY r.ord) AS names, array_agg(r.owner ORDER BY r.ord) AS owners
            FROM requests r WHERE r.tag IS NULL GROUP BY r.vm, r.next, r.ranges),
        drawn AS MATERIALIZED (
            SELECT w.vm, w.count, d.tag, d.is_new, w.containers[d.n] AS container, w.names[d.n] AS name, w.owners[d.n] AS owner
            FROM wanted w CROSS JOIN LATERAL (
                SELECT f.tag, f.is_new, row_number() OVER (ORDER BY f.tag) AS n FROM ({Free}) f) d),
        chosen AS MATERIALIZED (
            SELECT vm, tag, container, name, owner FROM requests WHERE tag IS NOT NULL
            UNION ALL SELECT vm, tag, container, name, owner FROM drawn)
        """;

    private static readonly string Make = $"""
        WITH {Chosen},
        granted AS (
            INSERT INTO vlan_leases AS old (id, vm_id, tag, state, container_id, container_name, owner, ttl, expires_at, since,
                awaits_all_chassis, revision)
            SELECT gen_random_uuid(), vm, tag, CASE WHEN container IS NULL THEN 'Reserved' ELSE 'Bound' END, container, name, owner,
                @ttltext::text, statement_timestamp() + @ttl::interval, statement_timestamp(), false, 1
            FROM chosen
            ON CONFLICT (vm_id, tag) DO UPDATE SET
                id = excluded.id, state = excluded.state, container_id = excluded.container_id, container_name = excluded.container_name,
                    successor_id = NULL,
                owner = excluded.owner, ttl = excluded.ttl, expires_at = excluded.expires_at, since = excluded.since,
                    drain_nb_cfg = NULL, cool_until = NULL,
                former_ip = NULL, former_mac = NULL, used_by = NULL, awaits_all_chassis = false, revision = 1
            WHERE {Expiry.IsOver("old")}
            RETURNING id, vm_id, tag, container_id, container_name, owner, expires_at, since),
        -- Subqueries see the state before this statement, so they find the replaced rows, which were over.
        replaced AS (
            SELECT (r.lease).id, (r.lease).expires_at
            FROM (SELECT (SELECT l FROM vlan_leases l WHERE l.vm_id = granted.vm_id AND l.tag = granted.tag) AS lease FROM granted) r),
        ended AS ({TagHistory.End("replaced", "g.expires_at")}),
        begun AS ({TagHistory.Begin("granted")}),
        logged AS (
            INSERT INTO changes (by, request_id, kind, vm, name, object_id, action, after)
            SELECT @by, @request, 'vlan-lease', (SELECT v.name FROM vms v WHERE v.id = vm_id), tag, id, 'created',
                json_strip_nulls(json_build_object('spec', json_build_object('owner', owner, 'ttl', @ttltext)))
            FROM granted WHERE owner IS NOT NULL ORDER BY tag),
        moved AS (
            UPDATE vms v SET next_tag = greatest(v.next_tag,
                CASE WHEN d.found < d.count THEN {VlanRanges.Highest} + 1 ELSE d.highest + 1 END)
            FROM (SELECT vm, count, count(*) FILTER (WHERE is_new) AS found, max(tag) FILTER (WHERE is_new) AS highest
                FROM drawn GROUP BY vm, count) d
            WHERE v.id = d.vm AND v.next_tag <= {VlanRanges.Highest})
        SELECT id, vm_id, tag, container_id, container_name, owner, expires_at, since FROM granted ORDER BY tag
        """;

    /// <summary>Creates leases that are bound to containers.</summary>
    /// <param name="bindings">
    /// For each container its VM, and a tag, 1–4094. Null for any tag of the VM's ranges: first one that was never used, then the one that
    /// has been free longest. No tag of a VM is named twice.
    /// </param>
    /// <param name="claimed">Tags that are not chosen unless a binding names them.</param>
    /// <param name="alone">True to bind a tag only if no lease of the VM belongs to the container's name.</param>
    /// <returns>
    /// The tags by the ids of the containers. A container is missing if its tag is not free, if no tag is free, or if
    /// <paramref name="alone"/> does not hold.
    /// </returns>
    public static async Task<Dictionary<Guid, int>> BoundAsync(
        NestDb db,
        IReadOnlyList<(Vm Vm, Container Container, int? Tag)> bindings,
        IReadOnlyCollection<(Guid Vm, int Tag)> claimed,
        bool alone,
        CancellationToken cancellationToken
    )
    {
        var wanted = bindings.Select(one => new WantedLease(one.Vm, one.Tag, one.Container.Id, one.Container.Name, null)).ToList();
        var granted = await MakeAsync(db, wanted, claimed, null, alone, cancellationToken);
        return granted.ToDictionary(lease => lease.ContainerId ?? default, lease => lease.Tag);
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
    )
    {
        var wanted = owners.Select(owner => new WantedLease(vm, tag, null, null, owner)).ToList();
        return MakeAsync(db, wanted, [], ttl, alone, cancellationToken);
    }

    // Null parameters have a type too, because otherwise PostgreSQL plans the statement each time.
    private static Task<List<VlanLease>> MakeAsync(
        NestDb db,
        List<WantedLease> wanted,
        IReadOnlyCollection<(Guid Vm, int Tag)> claimed,
        (string Text, TimeSpan Time)? ttl,
        bool alone,
        CancellationToken cancellationToken
    ) =>
        db.QueryAsync(
            Make,
            row => Read(row, ttl?.Text),
            cancellationToken,
            ("vms", wanted.Select(lease => lease.Vm.Id).ToArray()),
            ("next", wanted.Select(lease => lease.Vm.NextTag).ToArray()),
            ("ranges", wanted.Select(lease => VlanRanges.Parse(lease.Vm.VlanRanges).ToMultirange()).ToArray()),
            ("tags", wanted.Select(lease => lease.Tag).ToArray()),
            ("containers", wanted.Select(lease => lease.Container).ToArray()),
            ("names", wanted.Select(lease => lease.Name).ToArray()),
            ("owners", wanted.Select(lease => lease.Owner).ToArray()),
            ("claimedvms", claimed.Select(one => one.Vm).ToArray()),
            ("claimedtags", claimed.Select(one => one.Tag).ToArray()),
            ("ttl", Sql.Typed(NpgsqlDbType.Interval, ttl?.Time)),
            ("ttltext", Sql.Typed(NpgsqlDbType.Text, ttl?.Text)),
            ("alone", alone),
            ("by", db.Actor.By),
            ("request", Sql.Typed(NpgsqlDbType.Text, db.Actor.RequestId))
        );

    private static VlanLease Read(NpgsqlDataReader row, string? ttl)
    {
        var container = row.IsDBNull(3) ? (Guid?)null : row.GetGuid(3);
        return new()
        {
            Id = row.GetGuid(0),
            VmId = row.GetGuid(1),
            Tag = row.GetInt32(2),
            State = container is null ? LeaseState.Reserved : LeaseState.Bound,
            ContainerId = container,
            ContainerName = row.IsDBNull(4) ? null : row.GetString(4),
            Owner = row.IsDBNull(5) ? null : row.GetString(5),
            Ttl = ttl,
            ExpiresAt = row.IsDBNull(6) ? null : row.GetFieldValue<DateTimeOffset>(6),
            Since = row.GetFieldValue<DateTimeOffset>(7),
        };
    }

    private sealed record WantedLease(Vm Vm, int? Tag, Guid? Container, string? Name, string? Owner);
}
