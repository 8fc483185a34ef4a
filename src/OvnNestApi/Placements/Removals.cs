using OvnNestApi.Allocation;

namespace OvnNestApi.Placements;

/// <summary>
/// SQL statements that delete VMs and containers whose deletion was requested, once the NB and all hosts have confirmed their removal. They
/// also delete dependent rows and write the change log. Other kinds: <see cref="KindRemoval"/>.
/// </summary>
internal static class Removals
{
    /// <summary>SQL condition: the deletion of the resource <c>x</c> was requested, and the NB no longer has its rows.</summary>
    public const string IsGone = "x.deleting_since IS NOT NULL AND NOT x.in_northbound AND x.reconciled_seq >= x.dirty_seq";

    /// <summary>What a deletion returns: id, name, and the resource as it was.</summary>
    public const string Returning =
        "RETURNING x.id, x.name, json_build_object('name', x.name, 'description', x.description, 'labels', x.labels, 'spec', "
        + "x.spec) AS before";

    /// <summary>Deletes the claimed names of the resources that are gone.</summary>
    public const string WithNames = "names AS (DELETE FROM claimed_names WHERE owner_id IN (SELECT id FROM gone))";

    private static readonly string WithAddresses = AddressDraw.Free("owner_id IN (SELECT id FROM gone)");

    /// <summary>
    /// Deletes containers of the VMs in <c>@vms</c>. Rows: VM, and the incarnation that waited for the name, or null if there is none.
    /// </summary>
    /// <remarks>
    /// NOT IN is answered from a hash table, also when the statistics of tables that have just been filled are out of date.
    /// </remarks>
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
        logged AS (
            INSERT INTO changes (by, kind, vm, name, object_id, action, before)
            SELECT 'reconciler', 'container', v.name, g.name, g.id, 'deleted', g.before FROM gone g JOIN vms v ON v.id = g.vm_id)
        SELECT g.vm_id, c.id FROM gone g LEFT JOIN containers c ON c.vm_id = g.vm_id AND c.name = g.name AND c.deleting_since IS NULL
        """;

    /// <summary>
    /// Deletes VMs in <c>@vms</c> without containers, and their leases; the tag history stays. Rows: the incarnations that waited for a
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
        logged AS (INSERT INTO changes (by, kind, name, object_id, action, before)
            SELECT 'reconciler', 'vm', name, id, 'deleted', before FROM gone)
        SELECT v.id FROM gone g JOIN vms v ON v.name = g.name AND v.deleting_since IS NULL
        """;
}
