using OvnNestApi.Northbound;

namespace OvnNestApi.Reconciling;

/// <summary>What a pass is about to do: the objects as they shall be, and what has to be done for it. Pure.</summary>
internal sealed class PassPlan
{
    private readonly Dictionary<OwnerRef, WantedResource> _wanted;

    private PassPlan(DesiredState desired, NorthboundView view, IReadOnlyList<WantedResource> wanted)
    {
        (Desired, View, _wanted) = (desired, view, wanted.ToDictionary(o => o.Object));
        Plans = NorthboundPlan.Between(wanted, view.RowsOf(wanted));
    }

    /// <summary>What was read of the database.</summary>
    public DesiredState Desired { get; }

    /// <summary>The NB as it was planned against.</summary>
    public NorthboundView View { get; }

    /// <summary>What has to be done, object by object, in an order in which it can be done.</summary>
    public IReadOnlyList<ResourcePlan> Plans { get; }

    /// <summary>An object of this draft as it shall be.</summary>
    public WantedResource Wanted(OwnerRef of) => _wanted[of];

    /// <summary>Projects the desired objects and compares them with the NB.</summary>
    /// <param name="desired">The objects.</param>
    /// <param name="view">The NB.</param>
    /// <param name="ownership">Our marks.</param>
    /// <param name="strays">Objects that have rows and that nobody knows: their rows go.</param>
    /// <param name="obstacle">What is in the way of an object before anything else; null: nothing.</param>
    public static PassPlan Of(
        DesiredState desired,
        NorthboundView view,
        Ownership ownership,
        IEnumerable<OwnerRef> strays,
        Func<WantedResource, Obstacle?> obstacle
    )
    {
        var existing = desired
            .Networks.Values.Where(n => n is { SwitchExisting: true, IsWanted: true })
            .ToDictionary(n => n.Id, view.Existing);
        var projection = new NorthboundProjection(ownership, desired.Routers, desired.Networks, desired.Vms, existing);
        var wanted = desired
            .Subjects.Keys.Select(o =>
                o.Kind switch
                {
                    OwnerKind.Router => projection.Of(desired.Routers[o.Id]),
                    OwnerKind.Network => projection.Of(desired.Networks[o.Id]),
                    OwnerKind.Vm => projection.Of(desired.Vms[o.Id]),
                    _ => projection.Of(desired.Containers[o.Id]),
                }
            )
            .Select(o => o.Obstacle is null && obstacle(o) is { } found ? o with { Obstacle = found } : o);
        return new(desired, view, [.. wanted, .. strays.Select(stray => new WantedResource(stray, [], IsAsked: false))]);
    }

    /// <summary>The plan of one object made anew, with rows that the copy does not hold.</summary>
    public ResourcePlan Again(OwnerRef of, NorthboundView view, IReadOnlyDictionary<RowRef, Ovsdb.Row> read) =>
        NorthboundPlan.Between([Wanted(of)], view.RowsOf([Wanted(of)], read))[0];

    /// <summary>Whether the object shall have a place in the NB, with or without rows of its own.</summary>
    public bool IsWanted(OwnerRef of) =>
        of.Kind switch
        {
            OwnerKind.Router => Desired.Routers[of.Id].IsWanted,
            OwnerKind.Network => Desired.Networks[of.Id].IsWanted,
            OwnerKind.Vm => Desired.Vms[of.Id].IsWanted,
            _ => Desired.Containers[of.Id].IsWanted,
        };
}
