using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Placements;

/// <summary>
/// Writes which host must have which VM and container, computed from the stored state. Call it after every write that affects a VM or its
/// containers, as the last step of the transaction, because it locks the row of the host.
/// </summary>
internal static class PlacementWriter
{
    /// <summary>
    /// SQL condition: a VM is placed on its host when no former incarnation of its name is left, and every other host has confirmed the
    /// removal of the VM and its containers. "Other" is written as two ranges, which the index on (VM, host) answers at constant cost.
    /// </summary>
    internal const string IsPlaced = """
        (v.deleting_since IS NULL AND v.host_id IS NOT NULL AND v.workload <> 'None'
         AND NOT EXISTS (SELECT FROM vms p WHERE p.name = v.name AND p.id <> v.id AND p.deleting_since IS NOT NULL)
         AND NOT EXISTS (SELECT FROM placements o WHERE o.vm_id = v.id AND (o.host_id < v.host_id OR o.host_id > v.host_id)))
        """;

    /// <summary>
    /// Containers that are placed with their VM: the lease of the tag is bound to them, and no former incarnation of their name is left.
    /// </summary>
    private const string WantedContainers = $"""
        SELECT v.host_id, c.id AS object_id, 'Container' AS kind, v.id AS vm_id, c.name, c.interface, c.namespace, v.bridge,
            l.id AS lease_id
        FROM vms v JOIN containers c ON c.vm_id = v.id JOIN vlan_leases l ON l.container_id = c.id AND l.state = 'Bound' AND l.tag = c.tag
        WHERE {IsPlaced} AND c.deleting_since IS NULL AND c.workload <> 'None'
          AND NOT EXISTS (SELECT FROM containers p WHERE p.vm_id = c.vm_id AND p.name = c.name AND p.id <> c.id
              AND p.deleting_since IS NOT NULL)
        """;

    // Parts of a UNION instead of conditions with OR: each part is answered by an index, at a cost that follows the given resources.
    private const string Wanted = $"""
        SELECT v.host_id, v.id AS object_id, 'Vm' AS kind, v.id AS vm_id, v.name, v.interface, v.namespace, v.bridge, NULL::uuid AS lease_id
        FROM vms v WHERE v.id = ANY(@vms) AND {IsPlaced}
        UNION ALL {WantedContainers} AND v.id = ANY(@vms)
        UNION ALL {WantedContainers} AND c.id = ANY(@containers) AND c.vm_id <> ALL(@vms)
        """;

    /// <summary>
    /// Statements that increase the work revision of the hosts, once in a transaction, and then make the placements and holds of the given
    /// resources equal to the wanted ones, with that revision. The hosts are locked in the order of their ids, so that transactions with
    /// the same hosts do not deadlock. Rows: ids of the hosts.
    /// </summary>
    private const string Refresh = $"""
        WITH concerned AS MATERIALIZED (
            SELECT host_id FROM vms WHERE id = ANY(@vms) AND host_id IS NOT NULL
            UNION SELECT host_id FROM placements WHERE vm_id = ANY(@vms)
            UNION SELECT v.host_id FROM containers c JOIN vms v ON v.id = c.vm_id WHERE c.id = ANY(@containers) AND v.host_id IS NOT NULL
            UNION SELECT host_id FROM placements WHERE object_id = ANY(@containers)),
        touched AS (
            UPDATE hosts SET work_revision = work_revision + 1
            WHERE id IN (SELECT id FROM hosts WHERE id IN (SELECT host_id FROM concerned) AND id <> ALL(@touched)
                ORDER BY id FOR NO KEY UPDATE))
        SELECT host_id FROM concerned;
        WITH wanted AS ({Wanted}),
        present AS (
            SELECT host_id, object_id FROM placements WHERE vm_id = ANY(@vms) AND wanted
            UNION SELECT host_id, object_id FROM placements WHERE object_id = ANY(@containers) AND wanted),
        leased AS (
            SELECT id FROM vlan_leases WHERE vm_id = ANY(@vms)
            UNION SELECT id FROM vlan_leases WHERE container_id = ANY(@containers) AND state = 'Bound'
            UNION SELECT id FROM vlan_leases WHERE container_id = ANY(@containers) AND state <> 'Bound'),
        placed AS (
            INSERT INTO placements AS p (host_id, object_id, kind, vm_id, name, wanted, revision, interface, namespace, bridge,
                ovn_installed)
            SELECT w.host_id, w.object_id, w.kind, w.vm_id, w.name, true, h.work_revision, w.interface, w.namespace, w.bridge, false
            FROM wanted w JOIN hosts h ON h.id = w.host_id
            ON CONFLICT (host_id, object_id) DO UPDATE SET
                wanted = true, revision = excluded.revision, interface = excluded.interface, namespace = excluded.namespace,
                    bridge = excluded.bridge
            WHERE (p.wanted, p.interface, p.namespace, p.bridge) IS DISTINCT
                FROM (true, excluded.interface, excluded.namespace, excluded.bridge)),
        taken_back AS (
            DELETE FROM leftovers o USING wanted w WHERE o.host_id = w.host_id AND o.object_id = w.object_id),
        retired AS (
            UPDATE placements p SET wanted = false, revision = h.work_revision, digest = NULL, error = NULL
            FROM present q JOIN hosts h ON h.id = q.host_id
            WHERE p.host_id = q.host_id AND p.object_id = q.object_id
              AND (q.host_id, q.object_id) NOT IN (SELECT host_id, object_id FROM wanted)),
        held AS (
            INSERT INTO lease_holds AS o (lease_id, host_id, clear, detached) SELECT w.lease_id, w.host_id, false, false
                FROM wanted w WHERE w.lease_id IS NOT NULL
            ON CONFLICT (lease_id, host_id) DO UPDATE SET after_revision = NULL, clear = false, detached = false
                WHERE o.after_revision IS NOT NULL)
        UPDATE lease_holds o SET after_revision = h.work_revision
        FROM hosts h, leased l
        WHERE h.id = o.host_id AND l.id = o.lease_id AND o.after_revision IS NULL
          AND (o.host_id, o.lease_id) NOT IN (SELECT host_id, lease_id FROM wanted WHERE lease_id IS NOT NULL)
        """;

    /// <summary>
    /// Refreshes the placements of these VMs with all their containers, and of these containers of any VMs. The number of statements is
    /// constant, and the cost does not depend on the number of other containers.
    /// </summary>
    public static async Task RefreshAsync(
        NestDb db,
        IReadOnlyCollection<Guid> vms,
        IReadOnlyCollection<Guid> containers,
        CancellationToken cancellationToken
    )
    {
        if (vms.Count + containers.Count == 0)
        {
            return;
        }

        var transaction = db.Database.CurrentTransaction?.TransactionId
            ?? throw new InvalidOperationException("Placements change in a transaction.");
        await db.SaveChangesAsync(cancellationToken);
        if (db.TouchedIn != transaction)
        {
            db.TouchedIn = transaction;
            db.TouchedHosts.Clear();
        }

        db.TouchedHosts.UnionWith(
            await db.QueryAsync(
                Refresh,
                row => row.GetGuid(0),
                cancellationToken,
                ("vms", vms.ToArray()),
                ("containers", containers.ToArray()),
                ("touched", db.TouchedHosts.ToArray())
            )
        );
    }
}
