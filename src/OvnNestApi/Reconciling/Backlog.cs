using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>Finds the resources that a pass has to process.</summary>
internal sealed class Backlog(ReconciledKinds kinds)
{
    private readonly string _read = $"""
        {Each(kinds, " UNION ", table => $"(SELECT id FROM {table} WHERE dirty_seq > reconciled_seq ORDER BY dirty_seq LIMIT @most)")}
        UNION {Each(kinds, " UNION ", table => $"SELECT id FROM {table} WHERE retry_at IS NOT NULL AND (retry_at <= now() OR @all)")}
        UNION SELECT container_id FROM vlan_leases WHERE state = 'Draining' AND drain_nb_cfg IS NULL
            AND container_id IS NOT NULL AND @all
        UNION SELECT vm_id FROM vlan_leases WHERE state = 'Draining' AND drain_nb_cfg IS NULL AND container_id IS NULL
        UNION ALL SELECT NULL WHERE {Each(kinds, " OR ", table => $"EXISTS (SELECT FROM {table} WHERE retry_at > now())")}
        """;

    private readonly string _users = string.Join(
        " UNION ALL ",
        kinds.All.Where(kind => kind.UsesForeign is not null).Select(kind => $"SELECT id FROM {kind.Table} WHERE {kind.UsesForeign}")
    );

    private readonly string _count =
        $"SELECT ({Each(kinds, " + ", table => $"(SELECT count(*) FROM {table} WHERE dirty_seq > reconciled_seq)")})::int";

    /// <summary>
    /// Returns the ids of dirty resources, oldest dirty mark first, of rejected resources that are due for a retry, and of VMs for which
    /// the NB has to be observed without a tag of others; null once if other rejected resources are due later.
    /// </summary>
    /// <param name="maxPerKind">Maximum number of dirty resources of each kind.</param>
    /// <param name="allRejected">
    /// True to return rejected resources that are not due as well, because a foreign row that may have caused the rejection has changed.
    /// </param>
    public Task<List<Guid?>> ReadAsync(NestDb db, int maxPerKind, bool allRejected, CancellationToken cancellationToken) =>
        db.QueryAsync(
            _read,
            row => row.IsDBNull(0) ? (Guid?)null : row.GetGuid(0),
            cancellationToken,
            ("most", maxPerKind),
            ("all", allRejected)
        );

    /// <summary>Returns the ids of the resources whose rows depend on logical routers of others that have these names.</summary>
    public Task<List<Guid>> UsersOfAsync(NestDb db, IReadOnlyCollection<string> foreignRouters, CancellationToken cancellationToken) =>
        db.QueryAsync(_users, row => row.GetGuid(0), cancellationToken, ("names", foreignRouters.ToArray()));

    /// <summary>Returns the number of dirty resources.</summary>
    public async Task<int> CountAsync(NestDb db, CancellationToken cancellationToken) =>
        (await db.QueryAsync(_count, row => row.GetInt32(0), cancellationToken))[0];

    private static string Each(ReconciledKinds kinds, string separator, Func<string, string> part) =>
        string.Join(separator, kinds.All.Select(kind => part(kind.Table)));
}
