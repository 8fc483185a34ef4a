namespace OvnNestApi.Placements;

/// <summary>
/// SQL statements of <c>force</c>: nothing waits any more for the confirmations of hosts that are silent. Such a host still gets the
/// removals when it returns (<see cref="Schema.Leftover"/>). A host that is alive confirms as usual.
/// </summary>
internal static class ForcedRelease
{
    /// <summary>VMs of which the host has anything, or has not confirmed a removal.</summary>
    public const string VmsOfHost = """
        SELECT vm_id FROM placements WHERE host_id = @host
        UNION SELECT l.vm_id FROM lease_holds o JOIN vlan_leases l ON l.id = o.lease_id WHERE o.host_id = @host
        """;

    /// <summary>Drops all that a silent host owes: it is deleted, so it cannot confirm anything any more.</summary>
    public const string DropHost = $"""
        DELETE FROM placements WHERE host_id = @host AND host_id IN ({SilentHosts});
        DELETE FROM lease_holds WHERE host_id = @host AND host_id IN ({SilentHosts});
        DELETE FROM leftovers WHERE host_id = @host AND host_id IN ({SilentHosts})
        """;

    /// <summary>
    /// Drops the pending confirmations of silent hosts for a container, or for a VM and its containers: removals, which stay in the work
    /// of the hosts, and holds of tags that are no longer in their work.
    /// </summary>
    public const string DropObject = $"""
        WITH owed AS (
            DELETE FROM placements p WHERE NOT p.wanted AND (p.object_id = @id OR p.vm_id = @id) AND p.host_id IN ({SilentHosts})
            RETURNING p.*)
        INSERT INTO leftovers (host_id, object_id, kind, name, revision, interface, namespace, bridge)
        SELECT host_id, object_id, kind, name, revision, interface, namespace, bridge FROM owed;
        DELETE FROM lease_holds o USING vlan_leases l
        WHERE l.id = o.lease_id AND o.after_revision IS NOT NULL AND (l.container_id = @id OR l.vm_id = @id)
          AND o.host_id IN ({SilentHosts})
        """;

    /// <summary>Drops the pending confirmations of silent hosts for a lease, and of chassis without an agent.</summary>
    public const string DropLease = $"""
        DELETE FROM lease_holds WHERE lease_id = @lease AND after_revision IS NOT NULL AND host_id IN ({SilentHosts});
        UPDATE vlan_leases SET awaits_all_chassis = false WHERE id = @lease AND state = 'Draining'
        """;

    /// <summary>
    /// Gives the ports of the VMs new names if a silent former host has not confirmed the removal. Such a host may still have the VM's
    /// interface, and then serves the port and its children under the old name (measured with ovn-controller). The old name stays claimed,
    /// so that no other port gets it. Rows: the VMs.
    /// </summary>
    public const string LeaveFormerHosts = $"""
        WITH moved AS (
            UPDATE vms v SET left_port_name = coalesce(v.left_port_name, v.port_name),
                port_name = left(v.port_name, 200) || '-' || left(md5(random()::text), 6), port_uuid = gen_random_uuid(),
                up = false, revision = revision + 1
            WHERE v.id = ANY(@vms) AND v.deleting_since IS NULL
              AND EXISTS (SELECT FROM placements p
                WHERE p.vm_id = v.id AND (v.host_id IS NULL OR p.host_id <> v.host_id) AND p.host_id IN ({SilentHosts}))
            RETURNING v.id, v.port_name),
        children AS (UPDATE containers c SET port_uuid = gen_random_uuid(), up = false FROM moved WHERE c.vm_id = moved.id),
        claimed AS (INSERT INTO claimed_names (scope, name, owner_id) SELECT 'Port', port_name, id FROM moved)
        SELECT id FROM moved
        """;

    // By the database's clock, as the condition HostSilent.
    private const string SilentHosts = """
        SELECT h.id FROM hosts h LEFT JOIN host_status s ON s.host_id = h.id WHERE coalesce(s.seen_at <= now() - @silent, true)
        """;
}
