using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>
/// Records tags that ports use which this service did not create, as leases without a container: while the NB shows such a port, the lease
/// is <see cref="LeaseState.Foreign"/>; then it drains and cools down as any other lease. The lease of a container that such a port uses as
/// well becomes one of these when the container no longer needs it.
/// </summary>
internal static class ForeignTags
{
    private const string Shown = """
        unnest(@parents, @tags, @users) AS w (parent, tag, usedby)
        JOIN claimed_names n ON n.scope = 'Port' AND n.name = w.parent JOIN vms v ON v.id = n.owner_id AND v.port_name = w.parent
        """;

    private const string Lock = $"""
        SELECT id FROM vms WHERE id IN (SELECT v.id FROM {Shown}
            UNION ALL SELECT l.vm_id FROM vlan_leases l WHERE l.id = ANY(@gone)) ORDER BY id FOR NO KEY UPDATE
        """;

    private static readonly string Record = $"""
        UPDATE vlan_leases l SET used_by = w.usedby FROM {Shown}
        WHERE l.vm_id = v.id AND l.tag = w.tag AND l.state = 'Draining' AND l.container_id IS NOT NULL
            AND l.used_by IS DISTINCT FROM w.usedby;
        WITH shown AS (
            INSERT INTO vlan_leases AS held (id, vm_id, tag, state, used_by, since, awaits_all_chassis, revision)
            SELECT gen_random_uuid(), v.id, w.tag, 'Foreign', w.usedby, statement_timestamp(), false, 1 FROM {Shown}
            ON CONFLICT (vm_id, tag) DO UPDATE SET state = 'Foreign', used_by = excluded.used_by, container_id = NULL,
                container_name = NULL, drain_nb_cfg = NULL, cool_until = NULL, former_ip = NULL, former_mac = NULL,
                since = CASE WHEN held.state = 'Foreign' THEN held.since ELSE excluded.since END, revision = held.revision + 1
            WHERE held.state = 'Cooling' OR (held.state = 'Draining' AND held.container_id IS NULL)
                OR (held.state = 'Foreign' AND held.used_by <> excluded.used_by) OR {Expiry.IsOver("held")}
            RETURNING held.*, held.xmax = 0 AS is_new)
        {TagHistory.Begin("(SELECT * FROM shown WHERE is_new)")}
        """;

    // The flows of the VM's host can still contain the tag, so the host confirms the release as it does for our own containers.
    private const string Drain = """
        WITH gone AS (
            UPDATE vlan_leases l SET state = 'Draining', drain_nb_cfg = @barrier, revision = l.revision + 1,
                used_by = CASE WHEN l.container_id IS NULL THEN l.used_by END,
                since = CASE WHEN l.state = 'Draining' THEN l.since ELSE statement_timestamp() END,
                awaits_all_chassis = v.uplink_interface IS NOT NULL
                    OR NOT EXISTS (SELECT FROM placements p WHERE p.object_id = v.id)
            FROM vms v
            WHERE l.id = ANY(@gone) AND v.id = l.vm_id AND l.state IN ('Foreign', 'Draining')
                AND (l.container_id IS NULL OR l.used_by IS NOT NULL)
            RETURNING l.id, l.vm_id)
        INSERT INTO lease_holds (lease_id, host_id, after_revision, clear, detached)
        SELECT g.id, p.host_id, 0, false, false FROM gone g JOIN placements p ON p.object_id = g.vm_id
        ON CONFLICT (lease_id, host_id) DO NOTHING
        """;

    private static readonly string Release = $"""
        WITH ended AS (
            DELETE FROM vlan_leases l USING unnest(@vms, @tags) AS w (vm, tag)
            WHERE l.vm_id = w.vm AND l.tag = w.tag AND l.container_id IS NULL AND l.state IN ('Foreign', 'Draining')
            RETURNING l.id)
        {TagHistory.End("ended")}
        """;

    private const string Unconfirmed = """
        SELECT l.id, v.port_name, l.tag FROM vlan_leases l JOIN vms v ON v.id = l.vm_id
        WHERE l.state = 'Draining' AND l.drain_nb_cfg IS NULL AND l.container_id IS NULL
        UNION ALL
        """;

    private const string IsUsed = """
        (l.state = 'Foreign' OR (l.state = 'Draining' AND l.container_id IS NOT NULL AND l.used_by IS NOT NULL))
        """;

    private const string OfTags = $"""
        {Unconfirmed}
        SELECT l.id, v.port_name, l.tag FROM {Shown} JOIN vlan_leases l ON l.vm_id = v.id AND l.tag = w.tag WHERE {IsUsed}
        """;

    private const string Recorded = $"""
        {Unconfirmed}
        SELECT l.id, v.port_name, l.tag FROM vlan_leases l JOIN vms v ON v.id = l.vm_id WHERE {IsUsed}
        """;

    /// <summary>
    /// Tags on the bridges of the host in <c>@host</c>, from the rows <c>present_tags</c> of its report, that have no lease of a container
    /// or client, and that the host does not hold yet. Rows: VM, tag.
    /// </summary>
    public const string OnHost = """
        SELECT t.vm, t.tag FROM (SELECT DISTINCT vm, tag FROM present_tags WHERE tag BETWEEN 1 AND 4094) t
        JOIN placements p ON p.host_id = @host AND p.object_id = t.vm
        LEFT JOIN LATERAL (SELECT l.id, l.state, l.container_id FROM vlan_leases l WHERE l.vm_id = t.vm AND l.tag = t.tag
            LIMIT 1) l ON true
        WHERE l.id IS NULL OR l.state = 'Cooling' OR (l.container_id IS NULL AND l.state IN ('Foreign', 'Draining')
            AND NOT EXISTS (SELECT FROM lease_holds o WHERE o.lease_id = l.id AND o.host_id = @host))
        """;

    /// <summary>
    /// Statement that records the tags of <see cref="OnHost"/>. The leases drain: the next pass finds out whether the NB shows the tags
    /// too, and later reports show when the host no longer has them.
    /// </summary>
    public static string RecordOnHost(string reportRows) =>
        $"""
            WITH {reportRows},
            found AS ({OnHost}),
            recorded AS (
                INSERT INTO vlan_leases AS held (id, vm_id, tag, state, used_by, since, awaits_all_chassis, revision)
                SELECT gen_random_uuid(), f.vm, f.tag, 'Draining', 'a port on the bridge of host ' || h.name, statement_timestamp(),
                    false, 1
                FROM found f JOIN hosts h ON h.id = @host
                ON CONFLICT (vm_id, tag) DO UPDATE SET revision = held.revision + 1, container_id = NULL, container_name = NULL,
                    state = CASE WHEN held.state = 'Cooling' THEN 'Draining' ELSE held.state END,
                    used_by = CASE WHEN held.state = 'Cooling' THEN excluded.used_by ELSE held.used_by END,
                    since = CASE WHEN held.state = 'Cooling' THEN excluded.since ELSE held.since END, cool_until = NULL
                WHERE held.state IN ('Cooling', 'Foreign') OR (held.state = 'Draining' AND held.container_id IS NULL)
                RETURNING held.*, held.xmax = 0 AS is_new),
            begun AS ({TagHistory.Begin("(SELECT * FROM recorded WHERE is_new)")})
            INSERT INTO lease_holds (lease_id, host_id, after_revision, clear, detached)
            SELECT r.id, @host, 0, false, false FROM recorded r ON CONFLICT (lease_id, host_id) DO NOTHING
            """;

    /// <summary>
    /// Returns the leases that ports of others decide: those of these tags, or of all, that such a port has in the NB, and those without a
    /// container that the NB has not been observed without.
    /// </summary>
    /// <param name="tags">Tags with the names of their parent ports; null for all.</param>
    public static Task<List<(Guid Lease, string Parent, int Tag)>> ReadAsync(
        NestDb db,
        IReadOnlyCollection<(string Parent, int Tag)>? tags,
        CancellationToken cancellationToken
    ) =>
        db.QueryAsync(
            tags is null ? Recorded : OfTags,
            row => (row.GetGuid(0), row.GetString(1), row.GetInt32(2)),
            cancellationToken,
            tags is null ? [] : Parameters([.. tags.Select(tag => new UsedTag(tag.Parent, tag.Tag, ""))])
        );

    /// <summary>Ends the leases that record these tags as used by others.</summary>
    public static Task ReleaseAsync(NestDb db, IReadOnlyCollection<(Guid Vm, int Tag)> tags, CancellationToken cancellationToken) =>
        tags.Count == 0
            ? Task.CompletedTask
            : db.ExecuteAsync(
                Release,
                cancellationToken,
                ("vms", tags.Select(one => one.Vm).ToArray()),
                ("tags", tags.Select(one => one.Tag).ToArray())
            );

    /// <summary>Records tags that the NB shows, and that it no longer shows.</summary>
    /// <param name="shown">Tags of foreign ports, each once.</param>
    /// <param name="gone">Ids of leases whose tags the NB no longer shows.</param>
    /// <param name="barrier">The <c>nb_cfg</c> that proves it.</param>
    public static async Task RecordAsync(
        NestDb db,
        IReadOnlyList<UsedTag> shown,
        Guid[] gone,
        long barrier,
        CancellationToken cancellationToken
    )
    {
        (string, object?)[] parameters = [.. Parameters(shown), ("gone", gone)];
        await db.QueryAsync(Lock, row => row.GetGuid(0), cancellationToken, parameters);
        if (gone.Length > 0)
        {
            await db.ExecuteAsync(Drain, cancellationToken, ("gone", gone), ("barrier", barrier));
        }

        if (shown.Count > 0)
        {
            await db.ExecuteAsync(Record, cancellationToken, Parameters(shown));
        }
    }

    private static (string, object?)[] Parameters(IReadOnlyList<UsedTag> tags) =>
        [
            ("parents", tags.Select(tag => tag.Parent).ToArray()),
            ("tags", tags.Select(tag => tag.Tag).ToArray()),
            ("users", tags.Select(tag => tag.UsedBy).ToArray()),
        ];
}

/// <summary>A tag of a foreign port.</summary>
/// <param name="Parent">Name of the parent port.</param>
/// <param name="Tag">VLAN tag, 1–4094.</param>
/// <param name="UsedBy">The port in words, see <see cref="VlanLease.UsedBy"/>.</param>
internal readonly record struct UsedTag(string Parent, int Tag, string UsedBy);
