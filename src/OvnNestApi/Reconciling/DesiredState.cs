using System.Data;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Northbound;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>
/// Desired state of the resources that a pass processes (its subjects), and of the resources that their rows depend on, as of one moment.
/// The cost of reading it depends on the number of subjects, not on the number of stored resources.
/// </summary>
internal sealed class DesiredState
{
    private readonly Dictionary<Guid, DesiredResource> _resources = [];

    /// <summary>The subjects, and the resources that they depend on, by id.</summary>
    public IReadOnlyDictionary<Guid, DesiredResource> Resources => _resources;

    /// <summary>Recorded state of each subject.</summary>
    public Dictionary<OwnerRef, RecordedState> Subjects { get; } = [];

    /// <summary>The containers; all are subjects.</summary>
    public IEnumerable<DesiredPort> Containers => Ports(OwnerKind.Container);

    /// <summary>Released tags of <see cref="Containers"/> that the NB has not been observed without.</summary>
    public IReadOnlyList<DrainingLease> Draining { get; private set; } = [];

    /// <summary>The networks.</summary>
    public IEnumerable<DesiredNetwork> Networks => _resources.Values.OfType<DesiredNetwork>();

    /// <summary>Returns the port of a VM or container.</summary>
    public DesiredPort Port(Guid id) => (DesiredPort)_resources[id];

    /// <summary>
    /// Reads the resources with these ids, of any kind, and the resources that they depend on. In a transaction of the caller, it also
    /// reads what the transaction has written.
    /// </summary>
    /// <param name="ids">Ids of the subjects; null for all resources.</param>
    public static async Task<DesiredState> ReadAsync(
        NestDb db,
        ReconciledKinds kinds,
        IReadOnlyCollection<Guid>? ids,
        CancellationToken cancellationToken
    )
    {
        var state = new DesiredState();
        await using var transaction = db.Database.CurrentTransaction is null
            ? await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken)
            : null;
        await state.ReadAsync(db, kinds, ids?.ToHashSet(), cancellationToken);
        var containers = state.Containers.Select(container => container.Id).ToArray();
        if (containers.Length > 0)
        {
            state.Draining = await DrainingAsync(db, ids is null ? null : containers, cancellationToken);
        }

        if (transaction is not null)
        {
            await transaction.CommitAsync(cancellationToken);
        }

        state.WithdrawPortsWithoutParent();
        return state;
    }

    private async Task ReadAsync(NestDb db, ReconciledKinds kinds, HashSet<Guid>? ids, CancellationToken cancellationToken)
    {
        var (found, dependencies) = (new HashSet<Guid>(), new HashSet<OwnerRef>());
        // A resource depends only on kinds before its own in the lock order.
        foreach (var kind in kinds.All.Reverse())
        {
            // A subject that was found as another kind is not searched again.
            var wanted = ids
                ?.Where(id => !found.Contains(id))
                .Union(dependencies.Where(one => one.Kind == kind.Kind).Select(one => one.Id))
                .ToArray();
            if (wanted is { Length: 0 })
            {
                continue;
            }

            await foreach (var (resource, recorded) in kind.ReadAsync(db, wanted, cancellationToken))
            {
                _resources.Add(resource.Id, resource with { IsRequested = recorded.IsRequested });
                if (ids is null || ids.Contains(resource.Id))
                {
                    Subjects.Add(new(kind.Kind, resource.Id), recorded);
                    found.Add(resource.Id);
                }

                if (ids is not null)
                {
                    dependencies.UnionWith(resource.DependsOn);
                }
            }
        }
    }

    /// <summary>Returns the leases of released tags of these containers that the NB has not been observed without.</summary>
    private static Task<List<DrainingLease>> DrainingAsync(NestDb db, Guid[]? containers, CancellationToken cancellationToken) =>
        db.QueryAsync(
            $"""
            SELECT id, vm_id, tag, container_id FROM vlan_leases
            WHERE state = 'Draining' AND drain_nb_cfg IS NULL AND {(
                containers is null ? "container_id IS NOT NULL" : "container_id = ANY(@ids)"
            )}
            """,
            row => new DrainingLease(row.GetGuid(0), row.GetGuid(1), row.GetInt32(2), row.GetGuid(3)),
            cancellationToken,
            containers is null ? [] : [("ids", containers)]
        );

    /// <summary>A port is not wanted if its network, or the VM of the container, is not wanted.</summary>
    private void WithdrawPortsWithoutParent()
    {
        // The VMs first, because their containers depend on them.
        foreach (var port in Ports(OwnerKind.Vm).Concat(Containers).Where(port => port.IsWanted).ToList())
        {
            if (port.DependsOn.Any(parent => !_resources[parent.Id].IsWanted))
            {
                _resources[port.Id] = port with { IsWanted = false };
            }
        }
    }

    private IEnumerable<DesiredPort> Ports(OwnerKind kind) => _resources.Values.OfType<DesiredPort>().Where(port => port.Kind == kind);
}

/// <summary>A released tag that the NB has not been observed without.</summary>
internal sealed record DrainingLease(Guid Id, Guid VmId, int Tag, Guid ContainerId);
