using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>
/// Ends leases whose time is over, by the database's clock. Readers ignore such leases even before a sweep has removed them.
/// </summary>
internal static class Expiry
{
    private static readonly string FreeThese = $"""
        freed AS (DELETE FROM vlan_leases l USING over WHERE l.id = over.id RETURNING l.id, l.expires_at)
        {TagHistory.End("freed", "g.expires_at")}
        """;

    private static readonly string ReturnThese = $"""
        returned AS (
            UPDATE vlan_leases l SET state = 'Reserved', container_id = NULL, container_name = NULL, cool_until = NULL,
                drain_nb_cfg = NULL, former_ip = NULL, former_mac = NULL, used_by = NULL,
                since = statement_timestamp(), revision = revision + 1
            FROM over WHERE l.id = over.id RETURNING l.*)
        {TagHistory.Begin("returned")}
        """;

    private const string HasCooled =
        "l.state = 'Cooling' AND l.cool_until <= now() AND l.owner IS NOT NULL AND (l.expires_at > now() OR l.expires_at IS NULL)";

    /// <summary>
    /// Statement that deletes leases that are over, except rows that another process has locked. The history of an expired reservation ends
    /// at its expiry time.
    /// </summary>
    public static string Free { get; } =
        $"""
            WITH over AS (SELECT l.id FROM vlan_leases l WHERE {IsOver("l")} LIMIT 1000 FOR UPDATE SKIP LOCKED),
            {FreeThese}
            """;

    /// <summary>
    /// Statement that returns cooled tags to the owners of their reservations, except rows that another process has locked.
    /// </summary>
    public static string Return { get; } =
        $"""
            WITH over AS (SELECT l.id FROM vlan_leases l WHERE {HasCooled} LIMIT 1000 FOR UPDATE SKIP LOCKED),
            {ReturnThese}
            """;

    private static readonly string OfVms = $"""
        WITH over AS (SELECT l.id FROM vlan_leases l WHERE l.vm_id = ANY(@vms) AND {IsOver("l")} FOR UPDATE),
        {FreeThese};
        WITH over AS (SELECT l.id FROM vlan_leases l WHERE l.vm_id = ANY(@vms) AND {HasCooled} FOR UPDATE),
        {ReturnThese}
        """;

    private static readonly string Current = $"SELECT * FROM vlan_leases l WHERE {IsCurrent("l")}";

    /// <summary>SQL condition for a lease that is over: cooled down without a valid reservation, or reserved and expired.</summary>
    public static string IsOver(string lease) =>
        $"""
            (({lease}.state = 'Cooling' AND {lease}.cool_until <= now() AND ({lease}.owner IS NULL OR {lease}.expires_at <= now()))
             OR ({lease}.state = 'Reserved' AND {lease}.expires_at <= now()))
            """;

    /// <summary>SQL condition for a lease that is not over. <c>IS NOT TRUE</c> because a comparison with no expiry time is null.</summary>
    public static string IsCurrent(string lease) => $"{IsOver(lease)} IS NOT TRUE";

    /// <summary>Leases that are not over.</summary>
    public static IQueryable<VlanLease> Leases(NestDb db) => db.VlanLeases.FromSqlRaw(Current);

    /// <summary>Deletes or returns the leases of these VMs whose time is over. The caller holds the locks of the VMs' rows.</summary>
    public static Task SweepVmsAsync(NestDb db, IReadOnlyCollection<Guid> vms, CancellationToken cancellationToken) =>
        db.ExecuteAsync(OfVms, cancellationToken, ("vms", vms.ToArray()));
}
