using OvnNestApi.Conditions;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Ports;
using OvnNestApi.Schema;
using OvnNestApi.Work;

namespace OvnNestApi.Vms;

/// <summary>Conditions of VMs.</summary>
internal sealed class VmReadiness() : PortReadiness<Vm>("vm")
{
    private const string Columns = $"""
        p.digest, p.error, coalesce(p.ovn_installed, false) AS ovn_installed, h.name AS host, s.tunnel_mtu, {FormerHost},
            (SELECT 'host ' || x.name FROM vms g JOIN placements o ON o.vm_id = g.id JOIN hosts x ON x.id = o.host_id
                WHERE g.name = v.name AND g.deleting_since IS NOT NULL AND NOT o.wanted LIMIT 1) AS waits_for,
            EXISTS (SELECT FROM vms o WHERE o.name = v.name AND o.id <> v.id AND o.deleting_since IS NOT NULL) AS replacing
        FROM vms v JOIN networks n ON n.id = v.network_id
        LEFT JOIN placements p ON p.host_id = v.host_id AND p.object_id = v.id AND p.wanted
        LEFT JOIN hosts h ON h.id = v.host_id
        LEFT JOIN host_status s ON s.host_id = v.host_id
        WHERE v.id = ANY(@ids)
        """;

    public override Task<List<ConditionUpdate>> EvaluateAsync(NestDb db, Guid[] ids, CancellationToken cancellationToken)
    {
        var (vms, networks) = (db.EntityTable<Vm>(), db.EntityTable<Network>());
        return db.QueryAsync(
            $"SELECT {vms.Columns("v")}, {networks.Columns("n")}, {Columns}",
            row =>
            {
                var vm = vms.Read(row);
                var network = networks.Read(row, vms.Count);
                var digest = DesiredWork.Of(vm, network).Digest;
                var facts = Facts(vm, network, row) with
                {
                    HasDevice = vm.Workload != Workload.None,
                    IsConfirmed = row.Text("digest") == digest && (vm.UplinkInterface is not null || row.Flag("ovn_installed")),
                };
                return new ConditionUpdate(vm, facts.Evaluate());
            },
            cancellationToken,
            ("ids", ids)
        );
    }

    public override string Counted(NestDb db) =>
        """
            SELECT 'vm', reason, dirty_seq > reconciled_seq, CASE WHEN workload <> 'None' THEN host_id END, labels, name, host_id FROM vms
            """;
}
