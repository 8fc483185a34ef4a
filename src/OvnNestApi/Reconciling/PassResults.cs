using OvnNestApi.Northbound;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>Computes the results of a pass from its plan and what the NB has committed.</summary>
internal static class PassResults
{
    /// <summary>Returns a result for each resource whose plan is empty, was committed or was rejected.</summary>
    /// <param name="view">The NB after the delivery.</param>
    /// <param name="isFull">True if the pass compared all resources.</param>
    /// <param name="remarks">Returns what is wrong with a resource although its rows are as wanted; null if nothing is.</param>
    public static List<ReconcileResult> Of(
        PassPlan plan,
        Delivery delivery,
        NorthboundView view,
        Contention contention,
        bool isFull,
        Func<OwnerRef, Obstacle?> remarks
    )
    {
        var finished = plan.Plans.Where(resource => resource.IsEmpty || delivery.IsFinished(resource.Owner));
        return
        [
            .. finished
                .Where(resource => plan.Desired.Subjects.ContainsKey(resource.Owner))
                .Select(resource => Of(resource, plan.Desired.Subjects[resource.Owner])),
        ];

        ReconcileResult Of(ResourcePlan resource, RecordedState recorded)
        {
            var owner = resource.Owner;
            if (delivery.Errors.TryGetValue(owner, out var error))
            {
                return new(owner, recorded, view.HasRows(owner), Obstacle.Rejected(error), RetriesLater: true);
            }

            if (IsContended(resource, recorded, contention, isFull))
            {
                return new(owner, recorded, view.HasRows(owner), Contention.Obstacle, RetriesLater: true);
            }

            return (resource.Obstacle ?? remarks(owner)) is { } obstacle
                ? new(owner, recorded, view.HasRows(owner), obstacle, RetriesLater: obstacle.Cause != Reason.Braked)
                : new(owner, recorded, plan.IsWanted(owner));
        }
    }

    /// <summary>Counts the repair of drift, and returns whether another client competes for the rows.</summary>
    private static bool IsContended(ResourcePlan plan, RecordedState recorded, Contention contention, bool isFull)
    {
        var id = plan.Owner.Id;
        if (plan.IsEmpty && isFull)
        {
            contention.Clear(id);
        }

        if (plan.IsEmpty || recorded.IsRequested)
        {
            return contention.Has(id);
        }

        ReconcilerMetrics.Repairs.Add(1);
        return contention.AddRepair(id);
    }
}
