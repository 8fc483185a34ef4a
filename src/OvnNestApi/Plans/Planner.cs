using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Northbound;
using OvnNestApi.Problems;
using OvnNestApi.Reconciling;
using OvnNestApi.Schema;
using Ovsdb;

namespace OvnNestApi.Plans;

/// <summary>Computes what the next pass of the reconciler and the agents would do. It changes nothing.</summary>
internal sealed class Planner(NorthboundDbAccess northbound, ReconciledKinds kinds) : IDisposable
{
    private static readonly TimeSpan LongestRead = TimeSpan.FromSeconds(2);

    // A plan of everything reads all resources: one at a time.
    private readonly SemaphoreSlim _turn = new(1);

    private readonly string _changed = string.Join(
        " UNION ALL ",
        kinds.All.Select(kind => $"SELECT id FROM {kind.Table} WHERE dirty_seq > reconciled_seq AND dirty_seq > @since")
    );

    public void Dispose() => _turn.Dispose();

    /// <summary>Returns the plan of everything, or 503 <c>northbound-unavailable</c>.</summary>
    public async Task<Answer<PlanView>> OfAllAsync(NestDb db, PlanScope scope, CancellationToken cancellationToken)
    {
        if (!(await northbound.OpenAsync(isPatient: true, cancellationToken)).TryGet(out var replica, out var problem))
        {
            return problem;
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            var brake = await db.Leader.Select(leader => leader.Brake).SingleAsync(cancellationToken);
            return await OfAsync(db, replica, scope, cancellationToken) with { Brake = brake };
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Returns the plan of some resources, or 503 <c>northbound-unavailable</c>.</summary>
    /// <param name="hasRows">True if the resources have rows in the NB.</param>
    public async Task<Answer<PlanView>> OfSomeAsync(NestDb db, PlanScope scope, bool hasRows, CancellationToken cancellationToken)
    {
        NorthboundReplica? replica = null;
        if (hasRows)
        {
            if (!(await northbound.OpenAsync(isPatient: true, cancellationToken)).TryGet(out var opened, out var problem))
            {
                return problem;
            }

            replica = opened;
        }

        return await OfAsync(db, replica, scope, cancellationToken);
    }

    /// <summary>Prepares the plan of a write that will not be stored. Called before its transaction.</summary>
    public async Task<PlanOfChanges> PrepareAsync(NestDb db, CancellationToken cancellationToken)
    {
        var opened = (await northbound.OpenAsync(isPatient: false, cancellationToken)).TryGet(out var replica, out var problem);
        var since = await db.QueryAsync(
            "SELECT last_value - (NOT is_called)::int FROM dirty_seq",
            row => row.GetInt64(0),
            cancellationToken
        );
        return new(opened ? replica : null, problem?.Detail, since[0]);
    }

    /// <summary>Returns the plan of the changes that the present transaction has made.</summary>
    public async Task<PlanView> OfChangesAsync(NestDb db, PlanOfChanges prepared, CancellationToken cancellationToken)
    {
        var ids = await db.QueryAsync(_changed, row => row.GetGuid(0), cancellationToken, ("since", prepared.Since));
        return await OfAsync(db, prepared.Replica, new([.. ids]), cancellationToken) with { Error = prepared.Error };
    }

    private async Task<PlanView> OfAsync(NestDb db, NorthboundReplica? replica, PlanScope scope, CancellationToken cancellationToken)
    {
        var (count, items) = replica is { } opened ? await RowsAsync(db, opened, scope, cancellationToken) : (0, []);
        return new(count, items, await HostScripts.ReadAsync(db, scope, cancellationToken));
    }

    private async Task<(int Count, List<PlannedResource> Items)> RowsAsync(
        NestDb db,
        NorthboundReplica replica,
        PlanScope scope,
        CancellationToken cancellationToken
    )
    {
        var (isAll, isBlank) = (scope.Ids is null, scope.IsBlank);
        var desired = await DesiredState.ReadAsync(db, kinds, scope.Ids, cancellationToken);
        var view = new NorthboundView(replica.Snapshot, northbound.Ownership, isThorough: true, isBlank);
        var conflicts = isBlank ? [] : await TagConflicts.FindAsync(db, desired, view, isAll, cancellationToken);
        var known = desired.Subjects.Keys.Select(owner => owner.Id).ToHashSet();
        var strays = isAll && !isBlank ? view.Owners().Where(owner => !known.Contains(owner.Id)) : [];
        var dhcpOf = await UsedDhcp.ReadAsync(replica, northbound.Ownership, desired.Networks, cancellationToken);
        var pass = PassPlan.Create(
            desired,
            view,
            northbound.Ownership,
            network => view.Existing(network, dhcpOf),
            strays,
            owner => ObstacleOf(desired, owner) ?? (conflicts.TryGetValue(owner.Id, out var conflict) ? conflict.Obstacle : null)
        );
        var found = pass.Plans.Where(plan => !plan.IsEmpty || plan.Obstacle is not null).ToList();
        var shown = found.Take(scope.Limit).ToList();
        var read = isBlank ? new Dictionary<RowRef, Row>() : await ReadHiddenAsync(replica, shown, cancellationToken);
        var names = new RowNames(desired, replica.Snapshot, isBlank);
        return (found.Count, shown.ConvertAll(plan => Describe(pass, plan, view, read, names)));
    }

    /// <summary>Returns the obstacle of a port that the last pass did not create because of the address of a port of others.</summary>
    private static Obstacle? ObstacleOf(DesiredState desired, OwnerRef owner) =>
        desired.Subjects[owner] is { InNorthbound: false, RejectedAs: Reason.AddressConflict, Rejection: { } message }
            ? new(Reason.AddressConflict, message)
            : null;

    /// <summary>Reads rows that exist but that the replica does not contain, because they have lost our owner mark.</summary>
    private static async Task<IReadOnlyDictionary<RowRef, Row>> ReadHiddenAsync(
        NorthboundReplica replica,
        IEnumerable<ResourcePlan> plans,
        CancellationToken cancellationToken
    )
    {
        var rows = plans.SelectMany(plan => plan.Writes).OfType<InsertOp>().Select(PlannedOperations.RowOf).ToList();
        if (rows.Count == 0)
        {
            return new Dictionary<RowRef, Row>();
        }

        try
        {
            return await NorthboundDb.ReadAsync(replica.Client, rows, cancellationToken).WaitAsync(LongestRead, cancellationToken);
        }
        catch (Exception e) when (e is OvsdbNotConnectedException or TimeoutException)
        {
            return new Dictionary<RowRef, Row>(); // the plan shows an insert instead of an update
        }
    }

    private static PlannedResource Describe(
        PassPlan pass,
        ResourcePlan plan,
        NorthboundView view,
        IReadOnlyDictionary<RowRef, Row> read,
        RowNames names
    )
    {
        var owner = plan.Owner;
        if (plan.Writes.OfType<InsertOp>().Any(insert => read.ContainsKey(PlannedOperations.RowOf(insert))))
        {
            plan = pass.PlanAgain(owner, view, read);
        }

        var resource = pass.Desired.Resources.GetValueOrDefault(owner.Id);
        var vm = resource is DesiredPort { VmId: { } id } ? pass.Desired.Port(id).Name : null;
        var actual = view.RowsOf([pass.Wanted(owner)], read)[owner].ToDictionary(row => row.Ref, row => row.Row);
        return new(
            Ownership.NameOf(owner.Kind),
            vm,
            resource?.Name,
            owner.Id,
            new PlannedOperations(actual, names).Of(plan),
            new NorthboundCommands(names).Of(plan),
            plan.Obstacle?.Message
        );
    }
}

/// <summary>What is needed to plan a write inside its transaction.</summary>
/// <param name="Replica">Replica of the NB; null if it could not be read.</param>
/// <param name="Error">Why it could not be read; null if it could.</param>
/// <param name="Since">Last dirty mark before the write.</param>
internal sealed record PlanOfChanges(NorthboundReplica? Replica, string? Error, long Since);
