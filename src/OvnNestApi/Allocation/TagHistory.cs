namespace OvnNestApi.Allocation;

/// <summary>SQL of the tag history, and of the leases whose change of holder it records.</summary>
internal static class TagHistory
{
    /// <summary>
    /// Statement that binds existing leases to other containers and writes the history. A reservation keeps its id, because its owner knows
    /// it; any other lease gets a new one. Rows: VM, container.
    /// </summary>
    /// <param name="bindings">Query with the columns <c>former</c> (id of the lease), <c>container</c> and <c>name</c>.</param>
    public static string Bind(string bindings) =>
        $"""
            WITH bound AS (
                UPDATE vlan_leases l SET
                    id = CASE WHEN l.state = 'Reserved' THEN l.id ELSE gen_random_uuid() END,
                    state = 'Bound', since = statement_timestamp(), container_id = b.container, container_name = b.name,
                    successor_id = NULL, drain_nb_cfg = NULL, cool_until = NULL, former_ip = NULL, former_mac = NULL,
                    used_by = NULL, awaits_all_chassis = false, revision = l.revision + 1
                FROM ({bindings}) b WHERE l.id = b.former
                RETURNING l.id, l.vm_id, l.tag, l.owner, l.container_id, l.container_name, b.former),
            ended AS ({End("(SELECT former AS id FROM bound)")}),
            begun AS ({Begin("bound")})
            SELECT vm_id, container_id FROM bound
            """;

    /// <summary>Statement that writes the beginning of grants.</summary>
    /// <param name="grants">Rows with the columns of <c>vlan_leases</c>.</param>
    public static string Begin(string grants) =>
        $"""
            INSERT INTO vlan_history (vm_id, vm_name, tag, lease_id, container_id, container_name, owner, "from")
            SELECT g.vm_id, (SELECT v.name FROM vms v WHERE v.id = g.vm_id), g.tag, g.id, g.container_id, g.container_name, g.owner,
                statement_timestamp()
            FROM {grants} g
            """;

    /// <summary>Statement that writes the end of grants.</summary>
    /// <param name="grants">Rows with the column <c>id</c> of <c>vlan_leases</c>.</param>
    /// <param name="until">End of each grant, from the row <c>g</c>.</param>
    public static string End(string grants, string until = "statement_timestamp()") =>
        $"UPDATE vlan_history h SET until = {until} FROM {grants} g WHERE h.until IS NULL AND h.lease_id = g.id";
}
