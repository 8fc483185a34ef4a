using Npgsql;
using OvnNestApi.Conditions;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Ports;
using OvnNestApi.Schema;
using OvnNestApi.Work;

namespace OvnNestApi.Containers;

/// <summary>Conditions of containers. The ids can also be those of VMs, whose containers are meant.</summary>
internal sealed class ContainerReadiness() : PortReadiness<Container>("container")
{
    // A separate query: with this OR inside the main statement, the planner expects many rows and reads all leases, even for one container.
    private const string Own = "SELECT id FROM containers WHERE id = ANY(@ids) UNION SELECT id FROM containers WHERE vm_id = ANY(@ids)";

    private const string Columns = $"""
        l.id AS lease, p.digest, coalesce(p.error, q.error) AS error, h.name AS host, s.tunnel_mtu, {FormerHost}, v.up AS vm_up,
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
        LEFT JOIN host_status s ON s.host_id = v.host_id
        WHERE c.id = ANY(@ids)
        """;

    public override string VmColumn => "vm_id";

    public override async Task<List<ConditionUpdate>> EvaluateAsync(NestDb db, Guid[] ids, CancellationToken cancellationToken)
    {
        var own = await db.QueryAsync(Own, row => row.GetGuid(0), cancellationToken, ("ids", ids));
        if (own.Count == 0)
        {
            return [];
        }

        var (containers, networks) = (db.EntityTable<Container>(), db.EntityTable<Network>());
        return await db.QueryAsync(
            $"SELECT {containers.Columns("c")}, {networks.Columns("n")}, {Columns}",
            row =>
            {
                var container = containers.Read(row);
                return new ConditionUpdate(container, ContainerFacts(container, networks.Read(row, containers.Count), row).Evaluate());
            },
            cancellationToken,
            ("ids", own.ToArray())
        );
    }

    public override string Counted(NestDb db) =>
        """
            SELECT 'container', c.reason, c.dirty_seq > c.reconciled_seq,
                CASE WHEN c.workload <> 'None' AND v.workload <> 'None' THEN v.host_id END, c.labels, v.name, v.host_id
            FROM containers c JOIN vms v ON v.id = c.vm_id
            """;

    private static PortFacts ContainerFacts(Container container, Network network, NpgsqlDataReader row)
    {
        var lease = row.GetOrdinal("lease");
        var digest = row.IsDBNull(lease) ? null : DesiredWork.Of(container, network, row.GetGuid(lease)).Digest;
        return Facts(container, network, row) with
        {
            HasDevice = container.Workload != Workload.None && row.Flag("vm_has_device"),
            IsConfirmed = digest is not null && row.Text("digest") == digest && row.Flag("vm_linked"),
            FormerTag = row.Number("former_tag"),
            IsParentUp = row.Flag("vm_up"),
            Tag = container.Tag,
            ObservedTag = container.ObservedTag,
        };
    }
}
