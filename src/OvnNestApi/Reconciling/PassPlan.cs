using OvnNestApi.Northbound;
using Ovsdb;

namespace OvnNestApi.Reconciling;

/// <summary>Plan of a pass: the wanted rows of each resource, and the operations that bring the NB there. Pure.</summary>
internal sealed class PassPlan
{
    private readonly NorthboundView _view;
    private readonly Dictionary<OwnerRef, WantedResource> _wanted;

    private PassPlan(DesiredState desired, NorthboundView view, IReadOnlyList<WantedResource> wanted)
    {
        (Desired, _view, _wanted) = (desired, view, wanted.ToDictionary(resource => resource.Owner));
        Plans = NorthboundPlan.Between(wanted, view.RowsOf(wanted));
    }

    /// <summary>Desired state that the plan is based on.</summary>
    public DesiredState Desired { get; }

    /// <summary>One plan for each resource, in an order in which they can be carried out.</summary>
    public IReadOnlyList<ResourcePlan> Plans { get; }

    /// <summary>Returns the wanted rows of a resource of this plan.</summary>
    public WantedResource Wanted(OwnerRef owner) => _wanted[owner];

    /// <summary>Projects the desired resources and compares them with the NB.</summary>
    /// <param name="existingOf">Returns the existing rows that a network on an existing switch must use.</param>
    /// <param name="strays">Owners that are not known; their rows are removed.</param>
    /// <param name="obstacleOf">Returns why the rows of a resource must be left as they are; null if they can be changed.</param>
    public static PassPlan Create(
        DesiredState desired,
        NorthboundView view,
        Ownership ownership,
        Func<DesiredNetwork, ExistingSwitch> existingOf,
        IEnumerable<OwnerRef> strays,
        Func<OwnerRef, Obstacle?> obstacleOf
    )
    {
        var existing = desired
            .Networks.Where(network => network is { SwitchExisting: true, IsWanted: true })
            .ToDictionary(network => network.Id, existingOf);
        var existingRouters = desired
            .Resources.Values.OfType<DesiredRouter>()
            .Where(router => router is { ExistingName: not null, IsWanted: true })
            .ToDictionary(router => router.Id, router => view.ExistingRouter(router.ExistingName ?? ""));
        var projection = new NorthboundProjection(ownership, desired.Resources, existing, existingRouters);
        var wanted = desired
            .Subjects.Keys.Select(owner => projection.Of(desired.Resources[owner.Id]))
            .Select(resource => resource with { Obstacle = resource.Obstacle ?? obstacleOf(resource.Owner) });
        return new(desired, view, [.. wanted, .. strays.Select(stray => new WantedResource(stray, [], IsRequested: false))]);
    }

    /// <summary>
    /// Plans again with the rows of these resources left as they are, because that affects others: a switch cannot be deleted before the
    /// ports in it.
    /// </summary>
    public PassPlan Withhold(IReadOnlyDictionary<OwnerRef, Obstacle> obstacles) =>
        obstacles.Count == 0
            ? this
            : new(
                Desired,
                _view,
                [
                    .. _wanted.Values.Select(resource =>
                        obstacles.TryGetValue(resource.Owner, out var obstacle) ? resource with { Obstacle = obstacle } : resource
                    ),
                ]
            );

    /// <summary>Plans one resource again, including rows that the replica does not contain.</summary>
    public ResourcePlan PlanAgain(OwnerRef owner, NorthboundView view, IReadOnlyDictionary<RowRef, Row> read) =>
        NorthboundPlan.Between([Wanted(owner)], view.RowsOf([Wanted(owner)], read))[0];

    /// <summary>True if the resource must be in the NB. A network on an existing switch can be there without rows of its own.</summary>
    public bool IsWanted(OwnerRef owner) => Desired.Resources[owner.Id].IsWanted;
}
