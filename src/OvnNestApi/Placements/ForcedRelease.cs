namespace OvnNestApi.Placements;

/// <summary>SQL statements of forced deletions: they drop confirmations that hosts still have to send.</summary>
internal static class ForcedRelease
{
    /// <summary>VMs of which the host has anything, or has not confirmed a removal.</summary>
    public const string VmsOfHost = """
        SELECT vm_id FROM placements WHERE host_id = @host
        UNION SELECT l.vm_id FROM lease_holds o JOIN vlan_leases l ON l.id = o.lease_id WHERE o.host_id = @host
        """;

    public const string DropHost = "DELETE FROM placements WHERE host_id = @host; DELETE FROM lease_holds WHERE host_id = @host";

    /// <summary>
    /// Drops the pending confirmations for a container, or for a VM and its containers: removals, and holds of tags that are no longer in
    /// the work of the host.
    /// </summary>
    public const string DropObject = """
        DELETE FROM placements WHERE NOT wanted AND (object_id = @id OR vm_id = @id);
        DELETE FROM lease_holds o USING vlan_leases l
        WHERE l.id = o.lease_id AND o.after_revision IS NOT NULL AND (l.container_id = @id OR l.vm_id = @id)
        """;

    /// <summary>Drops the pending confirmations for a lease, also those of other chassis.</summary>
    public const string DropLease = """
        DELETE FROM lease_holds WHERE lease_id = @lease AND after_revision IS NOT NULL;
        UPDATE vlan_leases SET awaits_all_chassis = false WHERE id = @lease AND state = 'Draining'
        """;

    /// <summary>
    /// Gives the VM's port a new name if a former host has not confirmed the removal of the VM. A former host that still has the VM's
    /// interface serves the port and its children under the old name (measured with ovn-controller). The old name stays claimed, so that no
    /// other port gets it.
    /// </summary>
    public const string LeaveFormerHosts = """
        WITH moved AS (
            UPDATE vms v SET port_name = left(v.port_name, 200) || '-' || left(md5(random()::text), 6), port_uuid = gen_random_uuid(),
                up = false, revision = revision + 1
            WHERE v.id = @vm AND v.deleting_since IS NULL
              AND EXISTS (SELECT FROM placements p WHERE p.vm_id = v.id AND (v.host_id IS NULL OR p.host_id <> v.host_id))
            RETURNING v.id, v.port_name),
        children AS (UPDATE containers c SET port_uuid = gen_random_uuid(), up = false FROM moved WHERE c.vm_id = moved.id)
        INSERT INTO claimed_names (scope, name, owner_id) SELECT 'Port', port_name, id FROM moved
        """;
}
