using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>Builds one transaction from the plans of several resources.</summary>
public static class NorthboundTransaction
{
    /// <summary>Returns an operation that fails the transaction at once if the row does not exist.</summary>
    public static Op Exists(RowRef row) => Op.Wait(row.Table, [Where.Uuid(row.Uuid)], ["_uuid"], "!=", []);

    /// <summary>
    /// Returns the operations, without the fence. All changes of one <c>ports</c> column are one mutation, because each mutation makes the
    /// server copy the whole set.
    /// </summary>
    public static IReadOnlyList<Op> Of(IReadOnlyCollection<ResourcePlan> plans)
    {
        var inserted = plans
            .SelectMany(plan => plan.Writes)
            .OfType<InsertOp>()
            .Select(op => new RowRef(op.Table, op.Uuid ?? default))
            .ToHashSet();
        return
        [
            .. Ports(plans.SelectMany(plan => plan.Detach), Mutation.Delete),
            .. plans.SelectMany(plan => plan.Needs).Distinct().Where(row => !inserted.Contains(row)).Select(Exists),
            .. plans.SelectMany(plan => plan.Writes),
            .. Ports(plans.SelectMany(plan => plan.Attach), Mutation.Insert),
            .. plans.SelectMany(plan => plan.Guards),
            .. plans.SelectMany(plan => plan.Deletes).Select(row => Op.Delete(row.Table, [Where.Uuid(row.Uuid)])),
        ];
    }

    private static IEnumerable<Op> Ports(IEnumerable<Membership> memberships, Func<string, OvsdbValue, Mutation> mutation) =>
        memberships
            .GroupBy(m => m.Parent, m => m.Child)
            .Select(parent => Op.Mutate(parent.Key.Table, [Where.Uuid(parent.Key.Uuid)], mutation("ports", OvsdbValue.Set(parent))));
}
