namespace OvnNestApi.Placements;

/// <summary>Statements that drop pending confirmations when an administrator uses <c>force</c>.</summary>
internal static class ForcedRelease
{
    /// <summary>Selects the VMs of which the host has a placement or holds a tag.</summary>
    public const string VmsOfHost = """
        SELECT vm_id FROM placements WHERE host_id = @host
        UNION SELECT l.vm_id FROM lease_holds o JOIN vlan_leases l ON l.id = o.lease_id WHERE o.host_id = @host
        """;

    public const string DropHost = "DELETE FROM placements WHERE host_id = @host; DELETE FROM lease_holds WHERE host_id = @host";

    /// <summary>
    /// Drops the pending removals of a container, or of a VM and its containers, and the holds of tags that are not in the work of a host.
    /// </summary>
    public const string DropObject = """
        DELETE FROM placements WHERE NOT wanted AND (object_id = @id OR vm_id = @id);
        DELETE FROM lease_holds o USING vlan_leases l
        WHERE l.id = o.lease_id AND o.after_revision IS NOT NULL AND (l.container_id = @id OR l.vm_id = @id)
        """;

    /// <summary>Drops the holds of a released tag. The release does not wait for unresponsive chassis either.</summary>
    public const string DropLease = """
        DELETE FROM lease_holds WHERE lease_id = @lease AND after_revision IS NOT NULL;
        UPDATE vlan_leases SET awaits_all_chassis = false WHERE id = @lease AND state = 'Draining'
        """;

    /// <summary>
    /// Renames the VM's port if a former host has not confirmed the removal. While that host still has the VM's interface, it serves the
    /// port and its children until their parent has another name (observed). The old name stays claimed, so that no other port gets it. A
    /// VM without such a host is not changed.
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
