using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>The plans of several objects as one transaction.</summary>
public static class NorthboundTransaction
{
    /// <summary>A guard that fails the transaction at once unless the row exists.</summary>
    public static Op Exists(RowRef row) => Op.Wait(row.Table, [Where.Uuid(row.Uuid)], ["_uuid"], "!=", []);

    /// <summary>
    /// The operations, without the fence. Changes of one <c>ports</c> are one mutation, however many ports there are: each costs the server
    /// the whole set.
    /// </summary>
    public static IReadOnlyList<Op> Of(IReadOnlyCollection<ResourcePlan> plans)
    {
        var made = plans
            .SelectMany(plan => plan.Writes)
            .OfType<InsertOp>()
            .Select(op => new RowRef(op.Table, op.Uuid ?? default))
            .ToHashSet();
        return
        [
            .. Ports(plans.SelectMany(plan => plan.Detach), Mutation.Delete),
            .. plans.SelectMany(plan => plan.Needs).Distinct().Where(row => !made.Contains(row)).Select(Exists),
            .. plans.SelectMany(plan => plan.Writes),
            .. Ports(plans.SelectMany(plan => plan.Attach), Mutation.Insert),
            .. plans.SelectMany(plan => plan.Deletes).SelectMany(Delete),
        ];
    }

    private static IEnumerable<Op> Ports(IEnumerable<Membership> memberships, Func<string, OvsdbValue, Mutation> mutation) =>
        memberships
            .GroupBy(m => m.Parent, m => m.Child)
            .Select(parent => Op.Mutate(parent.Key.Table, [Where.Uuid(parent.Key.Uuid)], mutation("ports", OvsdbValue.Set(parent))));

    /// <summary>Whoever put a port of theirs into our switch since we looked stops its deletion.</summary>
    private static IEnumerable<Op> Delete(RowRef row)
    {
        if (row.Table is Tables.Switch or Tables.Router)
        {
            yield return Op.Wait(
                row.Table,
                [Where.Uuid(row.Uuid)],
                ["ports"],
                "==",
                [new Dictionary<string, OvsdbValue> { ["ports"] = OvsdbValue.Empty }]
            );
        }

        yield return Op.Delete(row.Table, [Where.Uuid(row.Uuid)]);
    }
}
