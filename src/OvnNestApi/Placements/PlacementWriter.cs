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
        (v.deleting_since IS NULL AND v.host_id IS NOT NULL AND v.workload <> 2
         AND NOT EXISTS (SELECT FROM vms p WHERE p.name = v.name AND p.id <> v.id AND p.deleting_since IS NOT NULL)
         AND NOT EXISTS (SELECT FROM placements o WHERE o.vm_id = v.id AND (o.host_id < v.host_id OR o.host_id > v.host_id)))
        """;

    /// <summary>
    /// Containers that are placed with their VM: the lease of the tag is bound to them, and no former incarnation of their name is left.
    /// </summary>
    private const string WantedContainers = $"""
        SELECT v.host_id, c.id AS object_id, 'Container' AS kind, c.name, c.interface, c.namespace, v.bridge, l.id AS lease_id
        FROM vms v JOIN containers c ON c.vm_id = v.id JOIN vlan_leases l ON l.vm_id = v.id AND l.tag = c.tag
            AND l.container_id = c.id AND l.state = 'Bound'
        WHERE v.id = @vm AND {IsPlaced} AND c.deleting_since IS NULL AND c.workload <> 2
          AND NOT EXISTS (SELECT FROM containers p WHERE p.vm_id = c.vm_id AND p.name = c.name AND p.id <> c.id
              AND p.deleting_since IS NOT NULL)
        """;

    private const string WantedVm = $"""
        SELECT v.host_id, v.id AS object_id, 'Vm' AS kind, v.name, v.interface, v.namespace, v.bridge, NULL::uuid AS lease_id
            FROM vms v WHERE v.id = @vm AND {IsPlaced}
        """;

    private const string HostsOfVm =
        "SELECT host_id FROM vms WHERE id = @vm AND host_id IS NOT NULL UNION SELECT host_id FROM placements WHERE vm_id = @vm";

    private const string HostsOfSome = """
        SELECT host_id FROM vms WHERE id = @vm AND host_id IS NOT NULL UNION SELECT host_id FROM placements
            WHERE object_id = ANY(@containers)
        """;

    private static readonly string RefreshAll = Refresh(HostsOfVm, Place($"{WantedVm} UNION ALL {WantedContainers}", "true", "true"));

    private static readonly string RefreshSome = Refresh(
        HostsOfSome,
        Place($"{WantedContainers} AND c.id = ANY(@containers)", "p.object_id = ANY(@containers)", "l.container_id = ANY(@containers)")
    );

    /// <summary>Refreshes the placements of the VM and of all its containers.</summary>
    public static Task RefreshAsync(NestDb db, Guid vmId, CancellationToken cancellationToken) =>
        RefreshAsync(db, RefreshAll, [("vm", vmId)], cancellationToken);

    /// <summary>
    /// Refreshes the placements of these containers of the VM. The cost does not depend on the number of other containers.
    /// </summary>
    public static Task RefreshAsync(NestDb db, Guid vmId, IReadOnlyCollection<Guid> containers, CancellationToken cancellationToken) =>
        RefreshAsync(db, RefreshSome, [("vm", vmId), ("containers", containers.ToArray())], cancellationToken);

    private static async Task RefreshAsync(NestDb db, string refresh, (string, object?)[] parameters, CancellationToken cancellationToken)
    {
        var transaction = db.Database.CurrentTransaction?.TransactionId
            ?? throw new InvalidOperationException("Placements change in a transaction.");
        await db.SaveChangesAsync(cancellationToken);
        if (db.TouchedIn != transaction)
        {
            db.TouchedIn = transaction;
            db.TouchedHosts.Clear();
        }

        db.TouchedHosts.UnionWith(
            await db.QueryAsync(refresh, row => row.GetGuid(0), cancellationToken, [.. parameters, ("touched", db.TouchedHosts.ToArray())])
        );
    }

    /// <summary>
    /// Statements that increase the work revision of the hosts, once in a transaction, and then write the placements with that revision.
    /// The hosts are locked in the order of their ids, so that transactions with the same hosts do not deadlock. Rows: ids of the hosts.
    /// </summary>
    private static string Refresh(string hosts, string place) =>
        $"""
            WITH concerned AS MATERIALIZED ({hosts}),
            touched AS (
                UPDATE hosts SET work_revision = work_revision + 1
                WHERE id IN (SELECT id FROM hosts WHERE id IN (SELECT host_id FROM concerned) AND id <> ALL(@touched)
                    ORDER BY id FOR NO KEY UPDATE))
            SELECT host_id FROM concerned;
            {place}
            """;

    /// <summary>
    /// Statement that makes placements and holds equal to the rows of <paramref name="wanted"/>, among those that the two conditions
    /// select.
    /// </summary>
    private static string Place(string wanted, string ofPlacements, string ofLeases) =>
        $"""
            WITH wanted AS ({wanted}),
            placed AS (
                INSERT INTO placements AS p (host_id, object_id, kind, vm_id, name, wanted, revision, interface, namespace, bridge,
                    ovn_installed)
                SELECT w.host_id, w.object_id, w.kind, @vm, w.name, true, h.work_revision, w.interface, w.namespace, w.bridge, false
                FROM wanted w JOIN hosts h ON h.id = w.host_id
                ON CONFLICT (host_id, object_id) DO UPDATE SET
                    wanted = true, revision = excluded.revision, interface = excluded.interface, namespace = excluded.namespace,
                        bridge = excluded.bridge
                WHERE (p.wanted, p.interface, p.namespace, p.bridge) IS DISTINCT
                    FROM (true, excluded.interface, excluded.namespace, excluded.bridge)),
            retired AS (
                UPDATE placements p SET wanted = false, revision = h.work_revision, digest = NULL, error = NULL
                FROM hosts h
                WHERE h.id = p.host_id AND p.vm_id = @vm AND p.wanted AND {ofPlacements}
                  AND (p.host_id, p.object_id) NOT IN (SELECT host_id, object_id FROM wanted)),
            held AS (
                INSERT INTO lease_holds AS o (lease_id, host_id, clear, detached) SELECT w.lease_id, w.host_id, false, false
                    FROM wanted w WHERE w.lease_id IS NOT NULL
                ON CONFLICT (lease_id, host_id) DO UPDATE SET after_revision = NULL, clear = false, detached = false
                    WHERE o.after_revision IS NOT NULL)
            UPDATE lease_holds o SET after_revision = h.work_revision
            FROM hosts h, vlan_leases l
            WHERE h.id = o.host_id AND l.id = o.lease_id AND l.vm_id = @vm AND o.after_revision IS NULL AND {ofLeases}
              AND (o.host_id, o.lease_id) NOT IN (SELECT host_id, lease_id FROM wanted WHERE lease_id IS NOT NULL)
            """;
}
