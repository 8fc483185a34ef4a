using Npgsql;
using OvnNestApi.Northbound;
using OvnNestApi.Ports;
using OvnNestApi.Reconciling;
using OvnNestApi.Schema;

namespace OvnNestApi.Vms;

/// <summary>VMs in a pass of the reconciler.</summary>
internal sealed class ReconciledVm() : ReconciledPort<Vm>(OwnerKind.Vm, "vms")
{
    public override string IsLocked => "id = ANY(@ids) OR id IN (SELECT vm_id FROM containers WHERE id = ANY(@ids))";

    public override string IsDependent => "network_id = ANY(@ids)";

    // A VM that moves stays on its former host until that host has confirmed the removal, because OVN would keep its containers bound there
    // until then.
    protected override string Columns =>
        """
            , (SELECT coalesce(h.chassis, s.system_id) FROM hosts h LEFT JOIN host_status s ON s.host_id = h.id
                WHERE h.id = coalesce((SELECT p.host_id FROM placements p
                    WHERE p.object_id = r.id AND p.host_id IS DISTINCT FROM r.host_id AND p.kind = 'Vm' LIMIT 1), r.host_id))
            """;

    protected override DesiredRow Create(Vm vm, bool isWanted, NpgsqlDataReader row, int next) =>
        new(
            Port(vm, isWanted) with
            {
                Chassis = row.IsDBNull(next) ? null : row.GetString(next),
            },
            RecordedState.Of(vm) with
            {
                Up = vm.Up,
                VmId = vm.Id,
            }
        );
}
