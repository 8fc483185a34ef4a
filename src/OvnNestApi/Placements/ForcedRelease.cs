namespace OvnNestApi.Placements;

/// <summary>What an administrator's <c>force</c> drops, as statements.</summary>
internal static class ForcedRelease
{
    /// <summary>The VMs of which the host has, or owes, anything.</summary>
    public const string VmsOfHost = """
        SELECT vm_id FROM placements WHERE host_id = @host
        UNION SELECT l.vm_id FROM lease_holds o JOIN vlan_leases l ON l.id = o.lease_id WHERE o.host_id = @host
        """;

    public const string DropHost = "DELETE FROM placements WHERE host_id = @host; DELETE FROM lease_holds WHERE host_id = @host";

    /// <summary>
    /// What hosts owe of a container, or of a VM and its containers: the removals, and the holds of tags that are not in their work.
    /// </summary>
    public const string DropObject = """
        DELETE FROM placements WHERE NOT wanted AND (object_id = @id OR vm_id = @id);
        DELETE FROM lease_holds o USING vlan_leases l
        WHERE l.id = o.lease_id AND o.after_revision IS NOT NULL AND (l.container_id = @id OR l.vm_id = @id)
        """;

    /// <summary>Nor is a chassis waited for that never answers.</summary>
    public const string DropLease = """
        DELETE FROM lease_holds WHERE lease_id = @lease AND after_revision IS NOT NULL;
        UPDATE vlan_leases SET awaits_all_chassis = false WHERE id = @lease AND state = 'Draining'
        """;

    /// <summary>
    /// A former host that still has the VM's interface goes on serving it and its children until their parent has a new name (tried). The
    /// old name
    /// stays claimed, so that nobody gets a port that the former host would serve. Touches a row only where there is such a host.
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
