using OvnNestApi.Data;
using OvnNestApi.Vms;

namespace OvnNestApi.VlanLeases;

/// <summary>Makes leases of free tags. The caller holds the VM's row lock; the unique index on (VM, tag) decides all the same.</summary>
/// <remarks>Times are the statement's, not the transaction's: the lock is held by then, so tenures of a tag never overlap.</remarks>
internal static class Grant
{
    private static readonly string IsFree = $"""
        NOT EXISTS (SELECT FROM vlan_leases l WHERE l.vm_id = @vm AND l.tag = t.tag AND {Expiry.Stands("l")})
        """;

    // The parts of a UNION ALL are read one after the other, and no further than the limit: few probes while never-used tags are left.
    private static readonly string Chosen = $"""
        SELECT @tag::int AS tag WHERE @tag::int IS NOT NULL
        UNION ALL
        (SELECT t.tag FROM unnest(@low::int[], @high::int[]) AS r (low, high), generate_series(r.low, r.high) AS t (tag)
         WHERE @tag::int IS NULL AND NOT EXISTS (SELECT FROM vlan_history h WHERE h.vm_id = @vm AND h.tag = t.tag) AND {IsFree}
         LIMIT @count)
        UNION ALL
        (SELECT t.tag FROM vlan_history t JOIN unnest(@low::int[], @high::int[]) AS r (low, high) ON t.tag BETWEEN r.low AND r.high
         WHERE @tag::int IS NULL AND t.vm_id = @vm AND {IsFree}
         GROUP BY t.tag ORDER BY max(t.until), t.tag LIMIT @count)
        LIMIT @count
        """;

    private static readonly string Make = $"""
        WITH granted AS (
            INSERT INTO vlan_leases AS old (id, vm_id, tag, state, container_id, container_name, owner, ttl, expires_at, since, awaits_all_chassis, revision)
            SELECT gen_random_uuid(), @vm, chosen.tag, CASE WHEN @container::uuid IS NULL THEN 'Reserved' ELSE 'Bound' END,
                @container::uuid, @name::text,
                @owner::text || CASE WHEN @count = 1 THEN '' ELSE '-' || row_number() OVER (ORDER BY chosen.tag) END,
                @ttltext::text, statement_timestamp() + @ttl::interval, statement_timestamp(), false, 1
            FROM ({Chosen}) chosen
            WHERE NOT @alone OR NOT EXISTS (
                SELECT FROM vlan_leases mine WHERE mine.vm_id = @vm AND (mine.container_name = @name::text OR mine.owner = @owner::text))
            ON CONFLICT (vm_id, tag) DO UPDATE SET
                id = excluded.id, state = excluded.state, container_id = excluded.container_id, container_name = excluded.container_name, successor_id = NULL,
                owner = excluded.owner, ttl = excluded.ttl, expires_at = excluded.expires_at, since = excluded.since, drain_nb_cfg = NULL, cool_until = NULL,
                former_ip = NULL, former_mac = NULL, awaits_all_chassis = false, revision = 1
            WHERE {Expiry.IsOver("old")}
            RETURNING id, tag, owner),
        -- As of this statement's beginning, the replaced rows are those that were over.
        ended AS (
            UPDATE vlan_history h SET until = l.expires_at FROM granted g JOIN vlan_leases l ON l.vm_id = @vm AND l.tag = g.tag
            WHERE h.lease_id = l.id AND h.until IS NULL),
        told AS (
            INSERT INTO vlan_history (vm_id, vm_name, tag, lease_id, container_id, container_name, owner, "from")
            SELECT @vm, @vmname, tag, id, @container::uuid, @name::text, owner, statement_timestamp() FROM granted)
        SELECT tag FROM granted ORDER BY tag
        """;

    /// <summary>Binds a tag to a container.</summary>
    /// <param name="tag">The tag; null: any of the VM's ranges, never used ones first, then the one free longest.</param>
    /// <param name="alone">Only if no other lease of the VM has to do with the container's name.</param>
    /// <returns>The tag; null: not free, none free, or not alone.</returns>
    public static async Task<int?> BoundAsync(NestDb db, Vm vm, Guid container, string name, int? tag, bool alone, CancellationToken cancellationToken)
    {
        var granted = await MakeAsync(db, vm, tag, 1, container, name, null, null, alone, cancellationToken);
        return granted is [var one] ? one : null;
    }

    /// <summary>Reserves tags for a client's key.</summary>
    /// <param name="tag">The tag; null: any.</param>
    /// <param name="count">How many, if any tag will do.</param>
    /// <param name="owner">The key; of several, each has it with <c>-1</c>, <c>-2</c> … behind it.</param>
    /// <param name="ttl">How long; null: for ever.</param>
    /// <returns>The tags, ascending; fewer than asked: the caller rolls back.</returns>
    public static Task<List<int>> ReservedAsync(NestDb db, Vm vm, int? tag, int count, string owner, (string Text, TimeSpan Time)? ttl, CancellationToken cancellationToken) =>
        MakeAsync(db, vm, tag, count, null, null, owner, ttl, false, cancellationToken);

    private static Task<List<int>> MakeAsync(
        NestDb db, Vm vm, int? tag, int count, Guid? container, string? name, string? owner, (string Text, TimeSpan Time)? ttl, bool alone, CancellationToken cancellationToken)
    {
        var ranges = VlanRanges.Parse(vm.VlanRanges).Ranges;
        return db.QueryAsync(
            Make, row => row.GetInt32(0), cancellationToken,
            ("vm", vm.Id), ("vmname", vm.Name), ("tag", tag), ("count", count), ("container", container), ("name", name), ("owner", owner), ("ttl", ttl?.Time), ("ttltext", ttl?.Text),
            ("alone", alone), ("low", ranges.Select(r => r.Low).ToArray()), ("high", ranges.Select(r => r.High).ToArray()));
    }
}
