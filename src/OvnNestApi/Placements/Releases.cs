namespace OvnNestApi.Placements;

/// <summary>Statements that advance the release of tags of the VMs in <c>@vms</c>.</summary>
internal static class Releases
{
    /// <summary>
    /// Deletes the holds of hosts that have proved that they no longer use a tag. Such a host has reported, with work that does not contain
    /// the tag, that no port has it. In addition, no earlier flow uses it: the host's flows have reached an NB state without the tag, or
    /// the
    /// VM's interface is not on the integration bridge. Rows: the container that had the tag and has another one now; null if it is being
    /// deleted.
    /// </summary>
    public const string DropHolds = """
        DELETE FROM lease_holds o USING vlan_leases l
        WHERE l.id = o.lease_id AND l.vm_id = ANY(@vms) AND o.after_revision IS NOT NULL AND o.clear
          AND (o.detached OR EXISTS (SELECT FROM host_status s WHERE s.host_id = o.host_id AND s.nb_cfg >= l.drain_nb_cfg))
        RETURNING (SELECT c.id FROM containers c WHERE c.id = l.container_id AND c.deleting_since IS NULL)
        """;

    /// <summary>
    /// A tag is drained when the NB no longer contains it and no host holds it. If none of our hosts had it, all chassis must confirm.
    /// </summary>
    public const string IsDrained = """
        (l.state = 'Draining' AND l.drain_nb_cfg IS NOT NULL AND NOT EXISTS (SELECT FROM lease_holds o WHERE o.lease_id = l.id)
         AND (NOT l.awaits_all_chassis OR coalesce((SELECT hv_cfg FROM leader) >= l.drain_nb_cfg, false)))
        """;

    /// <summary>Grants drained tags to the incarnations that wait for them. Rows: VM, container.</summary>
    public const string PassOn = $"""
        WITH heirs AS (
            SELECT l.id AS former, c.id AS heir, c.name, v.name AS vm_name
            FROM vlan_leases l JOIN containers c ON c.id = l.successor_id AND c.tag = l.tag AND c.deleting_since IS NULL
                JOIN vms v ON v.id = l.vm_id
            WHERE l.vm_id = ANY(@vms) AND {IsDrained}),
        passed AS (
            UPDATE vlan_leases l SET
                id = gen_random_uuid(), state = 'Bound', container_id = h.heir, container_name = h.name, successor_id = NULL,
                    since = statement_timestamp(), drain_nb_cfg = NULL,
                awaits_all_chassis = false, revision = revision + 1
            FROM heirs h WHERE l.id = h.former
            RETURNING l.id, l.vm_id, l.tag, l.owner, l.container_id, l.container_name, h.former, h.vm_name),
        ended AS (UPDATE vlan_history SET until = statement_timestamp() WHERE until IS NULL AND lease_id IN (SELECT former FROM passed)),
        recorded AS (
            INSERT INTO vlan_history (vm_id, vm_name, tag, lease_id, container_id, container_name, owner, "from")
            SELECT vm_id, vm_name, tag, id, container_id, container_name, owner, statement_timestamp() FROM passed)
        SELECT vm_id, container_id FROM passed
        """;

    /// <summary>Starts the cool-down of the other drained tags.</summary>
    public const string Cool = $"""
        WITH cooling AS (
            UPDATE vlan_leases l SET state = 'Cooling', since = statement_timestamp(), cool_until = statement_timestamp() + @cooldown,
                successor_id = NULL, revision = revision + 1
            WHERE l.vm_id = ANY(@vms) AND {IsDrained} RETURNING l.id)
        UPDATE vlan_history SET until = statement_timestamp() WHERE until IS NULL AND lease_id IN (SELECT id FROM cooling)
        """;
}
