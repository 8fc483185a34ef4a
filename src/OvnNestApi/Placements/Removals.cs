using OvnNestApi.Allocation;

namespace OvnNestApi.Placements;

/// <summary>
/// Statements that delete resources whose deletion was requested, when neither the NB nor a host has anything left of them. They also
/// delete what belongs to the resources, and write to the change log.
/// </summary>
internal static class Removals
{
    private const string IsGone = "x.deleting_since IS NOT NULL AND NOT x.in_northbound AND x.reconciled_seq >= x.dirty_seq";

    private const string Returning =
        "RETURNING x.id, x.name, json_build_object('name', x.name, 'description', x.description, 'labels', x.labels, 'spec', "
        + "x.spec) AS was";

    private const string WithNames = "names AS (DELETE FROM claimed_names WHERE owner_id IN (SELECT id FROM gone))";

    private static readonly string WithAddresses = AddressDraw.Free("owner_id IN (SELECT id FROM gone)");

    // NOT IN: PostgreSQL computes a hash once, even if its statistics of recently filled tables are wrong.
    /// <summary>
    /// Deletes containers of the VMs in <c>@vms</c>. Rows: VM, and the incarnation that waited for the name; null if none.
    /// </summary>
    public static readonly string Containers = $"""
        WITH gone AS (
            DELETE FROM containers x WHERE x.vm_id = ANY(@vms) AND {IsGone}
              AND x.id NOT IN (SELECT p.object_id FROM placements p WHERE p.vm_id = ANY(@vms))
              AND x.id NOT IN (
                SELECT l.container_id FROM vlan_leases l WHERE l.vm_id = ANY(@vms) AND l.container_id IS NOT NULL
                  AND ((l.state = 'Draining' AND l.drain_nb_cfg IS NULL) OR EXISTS (SELECT FROM lease_holds o WHERE o.lease_id = l.id)))
            {Returning}, x.vm_id),
        remembered AS (
            UPDATE vlan_leases l SET former_ip = a.ip, former_mac = a.mac FROM gone g JOIN addresses a ON a.owner_id = g.id
            WHERE l.container_id = g.id AND l.state IN ('Draining', 'Cooling')),
        {WithAddresses},
        {WithNames},
        recorded AS (
            INSERT INTO changes (by, kind, vm, name, object_id, action, before)
            SELECT 'reconciler', 'container', v.name, g.name, g.id, 'deleted', g.was FROM gone g JOIN vms v ON v.id = g.vm_id)
        SELECT g.vm_id, c.id FROM gone g LEFT JOIN containers c ON c.vm_id = g.vm_id AND c.name = g.name AND c.deleting_since IS NULL
        """;

    /// <summary>
    /// Deletes VMs in <c>@vms</c> without containers, with their leases; the tag history remains. Rows: the incarnations that waited for a
    /// name.
    /// </summary>
    public static readonly string Vms = $"""
        WITH gone AS (
            DELETE FROM vms x WHERE x.id = ANY(@vms) AND {IsGone}
              AND NOT EXISTS (SELECT FROM containers c WHERE c.vm_id = x.id)
              AND NOT EXISTS (SELECT FROM placements p WHERE p.vm_id = x.id)
              AND NOT EXISTS (SELECT FROM vlan_leases l JOIN lease_holds o ON o.lease_id = l.id WHERE l.vm_id = x.id)
            {Returning}),
        {WithAddresses},
        {WithNames},
        ended AS (UPDATE vlan_history SET until = statement_timestamp() WHERE until IS NULL AND vm_id IN (SELECT id FROM gone)),
        recorded AS (INSERT INTO changes (by, kind, name, object_id, action, before)
            SELECT 'reconciler', 'vm', name, id, 'deleted', was FROM gone)
        SELECT v.id FROM gone g JOIN vms v ON v.name = g.name AND v.deleting_since IS NULL
        """;

    /// <summary>Deletes networks without ports. Rows: the incarnations that waited for a name.</summary>
    public const string Networks = $"""
        WITH gone AS (
            DELETE FROM networks x WHERE {IsGone}
              AND NOT EXISTS (SELECT FROM vms v WHERE v.network_id = x.id)
              AND NOT EXISTS (SELECT FROM containers c WHERE c.network_id = x.id)
              AND NOT EXISTS (SELECT FROM addresses a WHERE a.network_id = x.id AND a.freed_at IS NULL)
            {Returning}),
        {WithNames},
        recorded AS (INSERT INTO changes (by, kind, name, object_id, action, before)
            SELECT 'reconciler', 'network', name, id, 'deleted', was FROM gone)
        SELECT n.id FROM gone g JOIN networks n ON n.name = g.name AND n.deleting_since IS NULL
        """;

    /// <summary>Deletes routers without networks. Rows: the incarnations that waited for a name.</summary>
    public const string Routers = $"""
        WITH gone AS (
            DELETE FROM routers x WHERE {IsGone} AND NOT EXISTS (SELECT FROM networks n WHERE n.router_id = x.id) {Returning}),
        {WithNames},
        recorded AS (INSERT INTO changes (by, kind, name, object_id, action, before)
            SELECT 'reconciler', 'router', name, id, 'deleted', was FROM gone)
        SELECT r.id FROM gone g JOIN routers r ON r.name = g.name AND r.deleting_since IS NULL
        """;

    /// <summary>Deletes hosts that have confirmed all removals. A host has no rows in the NB.</summary>
    public const string Hosts = $"""
        WITH gone AS (
            DELETE FROM hosts x WHERE x.deleting_since IS NOT NULL
              AND NOT EXISTS (SELECT FROM vms v WHERE v.host_id = x.id)
              AND NOT EXISTS (SELECT FROM placements p WHERE p.host_id = x.id)
              AND NOT EXISTS (SELECT FROM lease_holds o WHERE o.host_id = x.id)
            {Returning}),
        {WithNames}
        INSERT INTO changes (by, kind, name, object_id, action, before) SELECT 'reconciler', 'host', name, id, 'deleted', was FROM gone
        """;
}
