using Npgsql;
using OvnNestApi.Data;
using OvnNestApi.Schema;
using OvnNestApi.Work;

namespace OvnNestApi.Conditions;

/// <summary>Evaluates and stores the condition (<see cref="Resource.Reason"/>) of resources from their stored state.</summary>
internal static class Readiness
{
    // A separate query: with this OR inside the main statement, the planner expects many rows and reads all leases, even for one container.
    private const string OwnContainers =
        "SELECT id FROM containers WHERE id = ANY(@ids) UNION SELECT id FROM containers WHERE vm_id = ANY(@ids)";

    private const string FormerHost = """
        (SELECT x.name FROM placements o JOIN hosts x ON x.id = o.host_id WHERE o.vm_id = v.id AND o.host_id IS DISTINCT FROM v.host_id
            LIMIT 1) AS former_host
        """;

    private const string OfVms = $"""
        p.digest, p.error, coalesce(p.ovn_installed, false) AS ovn_installed, h.name AS host, {FormerHost},
            (SELECT 'host ' || x.name FROM vms g JOIN placements o ON o.vm_id = g.id JOIN hosts x ON x.id = o.host_id
                WHERE g.name = v.name AND g.deleting_since IS NOT NULL AND NOT o.wanted LIMIT 1) AS waits_for,
            EXISTS (SELECT FROM vms o WHERE o.name = v.name AND o.id <> v.id AND o.deleting_since IS NOT NULL) AS replacing
        FROM vms v JOIN networks n ON n.id = v.network_id
        LEFT JOIN placements p ON p.host_id = v.host_id AND p.object_id = v.id AND p.wanted
        LEFT JOIN hosts h ON h.id = v.host_id
        WHERE v.id = ANY(@ids)
        """;

    private const string OfContainers = $"""
        l.id AS lease, p.digest, coalesce(p.error, q.error) AS error, h.name AS host, {FormerHost}, v.up AS vm_up,
            v.workload <> 'None' AS vm_has_device,
            q.digest IS NOT NULL AND (v.uplink_interface IS NOT NULL OR q.ovn_installed) AS vm_linked,
            (SELECT 'host ' || x.name FROM containers g JOIN placements o ON o.object_id = g.id JOIN hosts x ON x.id = o.host_id
                WHERE g.vm_id = c.vm_id AND g.name = c.name AND g.deleting_since IS NOT NULL AND NOT o.wanted LIMIT 1) AS waits_for,
            l.id IS NULL OR EXISTS (SELECT FROM containers o
                WHERE o.vm_id = c.vm_id AND o.name = c.name AND o.id <> c.id AND o.deleting_since IS NOT NULL) AS replacing,
            (SELECT f.tag FROM vlan_leases f WHERE f.container_id = c.id AND f.state = 'Draining'
                AND EXISTS (SELECT FROM lease_holds o WHERE o.lease_id = f.id AND o.host_id = v.host_id) LIMIT 1) AS former_tag
        FROM containers c JOIN vms v ON v.id = c.vm_id JOIN networks n ON n.id = c.network_id
        LEFT JOIN vlan_leases l ON l.vm_id = c.vm_id AND l.tag = c.tag AND l.container_id = c.id AND l.state = 'Bound'
        LEFT JOIN placements p ON p.host_id = v.host_id AND p.object_id = c.id AND p.wanted
        LEFT JOIN placements q ON q.host_id = v.host_id AND q.object_id = v.id AND q.wanted
        LEFT JOIN hosts h ON h.id = v.host_id
        WHERE c.id = ANY(@ids)
        """;

    /// <summary>
    /// Evaluates the resources with these ids (for a VM also its containers), and writes reason, message, since and observedAt where they
    /// have changed, with a change row of action "status". Part of the caller's transaction, which must have locked the rows of the VMs in
    /// an earlier statement: otherwise a result that is based on outdated rows could overwrite the result of a concurrent transaction.
    /// </summary>
    public static async Task EvaluateAsync(NestDb db, IReadOnlyCollection<Guid> resourceIds, CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);

        // The kinds with the most resources first: an id that is found needs no search in the other tables.
        var ids = resourceIds.ToHashSet();
        var containers = await FindAsync(OfContainersAsync);
        var vms = await FindAsync(OfVmsAsync);
        var networks = await FindAsync(OfParentsAsync<Network>);
        var hosts = await FindAsync(OfHostsAsync);
        var routers = await FindAsync(OfParentsAsync<Router>);

        // In the lock order.
        await ConditionWriter.WriteAsync<Router>(db, "router", routers, cancellationToken);
        await ConditionWriter.WriteAsync<Network>(db, "network", networks, cancellationToken);
        await ConditionWriter.WriteAsync<Host>(db, "host", hosts, cancellationToken);
        await ConditionWriter.WriteAsync<Vm>(db, "vm", vms, cancellationToken);
        await ConditionWriter.WriteAsync<Container>(db, "container", containers, cancellationToken);

        async Task<List<ConditionUpdate>> FindAsync(Func<NestDb, Guid[], CancellationToken, Task<List<ConditionUpdate>>> evaluate)
        {
            var found = ids.Count == 0 ? [] : await evaluate(db, [.. ids], cancellationToken);
            ids.ExceptWith(found.Select(update => update.Stored.Id));
            return found;
        }
    }

    /// <summary>Evaluates networks or routers.</summary>
    private static Task<List<ConditionUpdate>> OfParentsAsync<T>(NestDb db, Guid[] ids, CancellationToken cancellationToken)
        where T : Resource
    {
        var table = db.EntityTable<T>();
        return db.QueryAsync(
            $"""
            SELECT {table.Columns("r")}, EXISTS (SELECT FROM {table.Name} p
                WHERE p.name = r.name AND p.id <> r.id AND p.deleting_since IS NOT NULL) AS replacing
            FROM {table.Name} r WHERE r.id = ANY(@ids)
            """,
            row =>
            {
                var resource = table.Read(row);
                var facts = Facts(resource) with { IsReplacing = row.Flag("replacing"), HasDevice = false, IsUp = true };
                return new ConditionUpdate(resource, facts.Evaluate());
            },
            cancellationToken,
            ("ids", ids)
        );
    }

    private static Task<List<ConditionUpdate>> OfHostsAsync(NestDb db, Guid[] ids, CancellationToken cancellationToken)
    {
        var table = db.EntityTable<Host>();
        return db.QueryAsync(
            $"""
            SELECT {table.Columns("h")}, (SELECT count(*)::int FROM placements p WHERE p.host_id = h.id) AS pending
            FROM hosts h WHERE h.id = ANY(@ids)
            """,
            row =>
            {
                var host = table.Read(row);
                var pending = $"The host is being deleted. It has not confirmed the removal of {row.Number("pending")} resources yet.";
                return new ConditionUpdate(host, host.DeletingSince is null ? (Reason.Ready, "") : (Reason.Deleting, pending));
            },
            cancellationToken,
            ("ids", ids)
        );
    }

    private static Task<List<ConditionUpdate>> OfVmsAsync(NestDb db, Guid[] ids, CancellationToken cancellationToken)
    {
        var (vms, networks) = (db.EntityTable<Vm>(), db.EntityTable<Network>());
        return db.QueryAsync(
            $"SELECT {vms.Columns("v")}, {networks.Columns("n")}, {OfVms}",
            row =>
            {
                var vm = vms.Read(row);
                var digest = DesiredWork.Of(vm, networks.Read(row, vms.Count)).Digest;
                var facts = Facts(vm, row) with
                {
                    HasDevice = vm.Workload != Contracts.Workload.None,
                    IsConfirmed = row.Text("digest") == digest && (vm.UplinkInterface is not null || row.Flag("ovn_installed")),
                };
                return new ConditionUpdate(vm, facts.Evaluate());
            },
            cancellationToken,
            ("ids", ids)
        );
    }

    private static async Task<List<ConditionUpdate>> OfContainersAsync(NestDb db, Guid[] ids, CancellationToken cancellationToken)
    {
        var own = await db.QueryAsync(OwnContainers, row => row.GetGuid(0), cancellationToken, ("ids", ids));
        if (own.Count == 0)
        {
            return [];
        }

        var (containers, networks) = (db.EntityTable<Container>(), db.EntityTable<Network>());
        return await db.QueryAsync(
            $"SELECT {containers.Columns("c")}, {networks.Columns("n")}, {OfContainers}",
            row =>
            {
                var container = containers.Read(row);
                return new ConditionUpdate(container, Facts(container, networks.Read(row, containers.Count), row).Evaluate());
            },
            cancellationToken,
            ("ids", own.ToArray())
        );
    }

    private static PortFacts Facts(Container container, Network network, NpgsqlDataReader row)
    {
        var lease = row.GetOrdinal("lease");
        var digest = row.IsDBNull(lease) ? null : DesiredWork.Of(container, network, row.GetGuid(lease)).Digest;
        return Facts(container, row) with
        {
            HasDevice = container.Workload != Contracts.Workload.None && row.Flag("vm_has_device"),
            IsConfirmed = digest is not null && row.Text("digest") == digest && row.Flag("vm_linked"),
            FormerTag = row.Number("former_tag"),
            IsParentUp = row.Flag("vm_up"),
            Tag = container.Tag,
            ObservedTag = container.ObservedTag,
        };
    }

    private static PortFacts Facts(LogicalPort port, NpgsqlDataReader row) =>
        Facts(port) with
        {
            WaitsFor = port is { InNorthbound: true, DeletingSince: not null } ? "the northbound database" : row.Text("waits_for"),
            IsReplacing = row.Flag("replacing"),
            FormerHost = row.Text("former_host"),
            Host = row.Text("host"),
            HostError = row.Text("error"),
            IsUp = port.Up,
            IsEnabled = port.Enabled,
        };

    private static PortFacts Facts(Resource resource) =>
        new()
        {
            IsDeleting = resource.DeletingSince is not null,
            IsProgrammed = resource.InNorthbound,
            RejectedAs = resource.RejectedAs,
            Rejection = resource.Rejection,
        };
}
