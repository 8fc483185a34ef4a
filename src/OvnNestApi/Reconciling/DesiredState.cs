using System.Data;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Northbound;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>
/// Desired state of the resources that a pass processes (its subjects), and of the resources that their rows depend on, as of one moment.
/// The cost of reading it depends on the number of subjects, not on the number of stored resources.
/// </summary>
internal sealed class DesiredState
{
    /// <summary>Routers by id: subjects, and routers of <see cref="Networks"/>.</summary>
    public Dictionary<Guid, DesiredRouter> Routers { get; } = [];

    /// <summary>Networks by id: subjects, and networks of <see cref="Vms"/> and <see cref="Containers"/>.</summary>
    public Dictionary<Guid, DesiredNetwork> Networks { get; } = [];

    /// <summary>VMs by id: subjects, and VMs of <see cref="Containers"/>.</summary>
    public Dictionary<Guid, DesiredPort> Vms { get; } = [];

    /// <summary>Containers by id; all are subjects.</summary>
    public Dictionary<Guid, DesiredPort> Containers { get; } = [];

    /// <summary>Recorded state of each subject.</summary>
    public Dictionary<OwnerRef, RecordedState> Subjects { get; } = [];

    /// <summary>Released tags of <see cref="Containers"/> that the NB has not been observed without.</summary>
    public IReadOnlyList<DrainingLease> Draining { get; private set; } = [];

    /// <summary>Reads the resources with these ids, of any kind, and the resources that they depend on.</summary>
    /// <param name="ids">Ids of the subjects; null for all resources.</param>
    public static async Task<DesiredState> ReadAsync(NestDb db, IReadOnlyCollection<Guid>? ids, CancellationToken cancellationToken)
    {
        var state = new DesiredState();
        await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await state.ReadAsync(db, ids?.ToHashSet(), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        state.WithdrawPortsWithoutParent();
        return state;
    }

    private async Task ReadAsync(NestDb db, HashSet<Guid>? ids, CancellationToken cancellationToken)
    {
        var found = new HashSet<Guid>();
        await AddAsync(Containers, OwnerKind.Container, [], DesiredQueries.Containers);
        await AddAsync(Vms, OwnerKind.Vm, Containers.Values.Select(c => c.VmId ?? default), DesiredQueries.Vms);
        await AddAsync(
            Networks,
            OwnerKind.Network,
            Vms.Values.Concat(Containers.Values).Select(port => port.NetworkId),
            DesiredQueries.Networks
        );
        await AddAsync(Routers, OwnerKind.Router, Networks.Values.Select(n => n.RouterId).OfType<Guid>(), DesiredQueries.Routers);
        if (Containers.Count > 0)
        {
            Draining = await DesiredQueries.DrainingAsync(db, ids is null ? null : [.. Containers.Keys], cancellationToken);
        }

        // Reads the subjects that are of this kind, and the resources of this kind that others depend on.
        async Task AddAsync<T>(
            Dictionary<Guid, T> resources,
            OwnerKind kind,
            IEnumerable<Guid> dependencies,
            Func<NestDb, Guid[]?, CancellationToken, IAsyncEnumerable<DesiredRow<T>>> read
        )
            where T : DesiredResource
        {
            // A subject that was found as another kind is not searched again.
            var wanted = ids?.Where(id => !found.Contains(id)).Union(dependencies).ToArray();
            if (wanted is { Length: 0 })
            {
                return;
            }

            await foreach (var (resource, recorded) in read(db, wanted, cancellationToken))
            {
                resources.Add(resource.Id, resource with { IsRequested = recorded.IsRequested });
                if (ids is null || ids.Contains(resource.Id))
                {
                    Subjects.Add(new(kind, resource.Id), recorded);
                    found.Add(resource.Id);
                }
            }
        }
    }

    /// <summary>A port is not wanted if its network, or the VM of the container, is not wanted.</summary>
    private void WithdrawPortsWithoutParent()
    {
        foreach (var vm in Vms.Values.Where(vm => vm.IsWanted && !Networks[vm.NetworkId].IsWanted).ToList())
        {
            Vms[vm.Id] = vm with { IsWanted = false };
        }

        var orphans = Containers.Values.Where(c => c.IsWanted && !(Networks[c.NetworkId].IsWanted && Vms[c.VmId ?? default].IsWanted));
        foreach (var container in orphans.ToList())
        {
            Containers[container.Id] = container with { IsWanted = false };
        }
    }
}
