using OvnNestApi.Allocation;

namespace OvnNestApi.Placements;

/// <summary>SQL statements that finish the release of tags, for the VMs in <c>@vms</c>.</summary>
internal static class Releases
{
    /// <summary>
    /// Deletes the holds of hosts that no longer use a tag. A host has shown this when it has applied work without the tag, no port has the
    /// tag, and no earlier flow can use it: its flows are at the NB state without the tag, or the VM's interface is not on the integration
    /// bridge. Rows: the container that had the tag and now has another one; null if that container is being deleted.
    /// </summary>
    public const string DropHolds = """
        DELETE FROM lease_holds o USING vlan_leases l
        WHERE l.id = o.lease_id AND l.vm_id = ANY(@vms) AND o.after_revision IS NOT NULL AND o.clear
          AND (o.detached OR EXISTS (SELECT FROM host_status s WHERE s.host_id = o.host_id AND s.nb_cfg >= l.drain_nb_cfg))
        RETURNING (SELECT c.id FROM containers c WHERE c.id = l.container_id AND c.deleting_since IS NULL)
        """;

    /// <summary>
    /// SQL condition: a tag is drained when the NB no longer has it and no host holds it. For a tag that no host of ours got, all chassis
    /// must have the flows of an NB state without it.
    /// </summary>
    public const string IsDrained = """
        (l.state = 'Draining' AND l.drain_nb_cfg IS NOT NULL AND NOT EXISTS (SELECT FROM lease_holds o WHERE o.lease_id = l.id)
         AND (NOT l.awaits_all_chassis OR coalesce((SELECT hv_cfg FROM leader) >= l.drain_nb_cfg, false)))
        """;

    /// <summary>
    /// Binds drained tags to the containers that wait for them, as new grants: the next incarnations, or other containers if tags were
    /// exchanged. Rows: VM, container.
    /// </summary>
    public static readonly string PassOn = TagHistory.Bind(Successors);

    /// <summary>Starts the cool-down of the other drained tags. Tags that ports of others use are taken as long as they use them.</summary>
    public static readonly string Cool = $"""
        WITH used AS (
            UPDATE vlan_leases l SET state = 'Foreign', since = statement_timestamp(), container_id = NULL, container_name = NULL,
                successor_id = NULL, drain_nb_cfg = NULL, awaits_all_chassis = false, revision = revision + 1
            WHERE l.vm_id = ANY(@vms) AND l.container_id IS NOT NULL AND l.used_by IS NOT NULL AND {IsDrained} RETURNING l.id),
        cooling AS (
            UPDATE vlan_leases l SET state = 'Cooling', since = statement_timestamp(), cool_until = statement_timestamp() + @cooldown,
                successor_id = NULL, revision = revision + 1
            WHERE l.vm_id = ANY(@vms) AND (l.container_id IS NULL OR l.used_by IS NULL) AND {IsDrained} RETURNING l.id)
        {TagHistory.End("(SELECT id FROM used UNION ALL SELECT id FROM cooling)")}
        """;

    private const string Successors = $"""
        SELECT l.id AS former, c.id AS container, c.name
        FROM vlan_leases l JOIN containers c ON c.id = l.successor_id AND c.tag = l.tag AND c.deleting_since IS NULL
        WHERE l.vm_id = ANY(@vms) AND {IsDrained}
        """;
}
