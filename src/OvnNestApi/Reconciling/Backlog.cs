using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>Finds the resources that a pass has to process.</summary>
internal static class Backlog
{
    /// <summary>
    /// Returns the ids of dirty resources, oldest dirty mark first, and of rejected resources that are due for a retry; null once if other
    /// rejected resources are due later.
    /// </summary>
    /// <param name="maxPerKind">Maximum number of dirty resources of each kind.</param>
    /// <param name="allRejected">
    /// True to return rejected resources that are not due as well, because a foreign row that may have caused the rejection has changed.
    /// </param>
    public static Task<List<Guid?>> ReadAsync(NestDb db, int maxPerKind, bool allRejected, CancellationToken cancellationToken) =>
        db.QueryAsync(
            """
            (SELECT id FROM routers WHERE dirty_seq > reconciled_seq ORDER BY dirty_seq LIMIT @most)
            UNION (SELECT id FROM networks WHERE dirty_seq > reconciled_seq ORDER BY dirty_seq LIMIT @most)
            UNION (SELECT id FROM vms WHERE dirty_seq > reconciled_seq ORDER BY dirty_seq LIMIT @most)
            UNION (SELECT id FROM containers WHERE dirty_seq > reconciled_seq ORDER BY dirty_seq LIMIT @most)
            UNION SELECT id FROM routers WHERE retry_at IS NOT NULL AND (retry_at <= now() OR @all)
            UNION SELECT id FROM networks WHERE retry_at IS NOT NULL AND (retry_at <= now() OR @all)
            UNION SELECT id FROM vms WHERE retry_at IS NOT NULL AND (retry_at <= now() OR @all)
            UNION SELECT id FROM containers WHERE retry_at IS NOT NULL AND (retry_at <= now() OR @all)
            UNION SELECT container_id FROM vlan_leases WHERE state = 'Draining' AND drain_nb_cfg IS NULL
                AND container_id IS NOT NULL AND @all
            UNION ALL SELECT NULL WHERE EXISTS (SELECT FROM routers WHERE retry_at > now())
                OR EXISTS (SELECT FROM networks WHERE retry_at > now())
                OR EXISTS (SELECT FROM vms WHERE retry_at > now()) OR EXISTS (SELECT FROM containers WHERE retry_at > now())
            """,
            row => row.IsDBNull(0) ? (Guid?)null : row.GetGuid(0),
            cancellationToken,
            ("most", maxPerKind),
            ("all", allRejected)
        );
}
