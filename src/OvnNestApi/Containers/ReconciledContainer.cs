using Npgsql;
using OvnNestApi.Northbound;
using OvnNestApi.Ports;
using OvnNestApi.Reconciling;
using OvnNestApi.Schema;

namespace OvnNestApi.Containers;

/// <summary>Containers in a pass of the reconciler.</summary>
internal sealed class ReconciledContainer() : ReconciledPort<Container>(OwnerKind.Container, "containers")
{
    // The lock of its VM protects a container.
    public override string? IsLocked => null;

    public override string IsDependent => "network_id = ANY(@ids) OR vm_id = ANY(@ids)";

    // A container is also not wanted while its tag is leased to another container.
    protected override string IsBlocked =>
        """
            EXISTS (SELECT FROM containers p WHERE p.vm_id = r.vm_id AND p.name = r.name AND p.deleting_since IS NOT NULL AND p.id <> r.id)
                OR NOT EXISTS (SELECT FROM vlan_leases l
                    WHERE l.vm_id = r.vm_id AND l.tag = r.tag AND l.container_id = r.id AND l.state = 'Bound')
            """;

    protected override DesiredRow Create(Container container, bool isWanted, NpgsqlDataReader row, int next) =>
        new(
            Port(container, isWanted) with
            {
                VmId = container.VmId,
                Tag = container.Tag,
            },
            RecordedState.Of(container) with
            {
                Up = container.Up,
                ObservedTag = container.ObservedTag,
                VmId = container.VmId,
            }
        );
}
