using OvnNestApi.Northbound;
using Ovsdb;

namespace OvnNestApi.Plans;

/// <summary>Describes the operations of a plan with the values before and after. Pure.</summary>
/// <param name="actual">The present rows of the resource.</param>
/// <param name="names">Names of switches and routers.</param>
internal sealed class PlannedOperations(IReadOnlyDictionary<RowRef, Row> actual, RowNames names)
{
    private static readonly string[] Internal = ["_uuid", "_version", "ports"];

    /// <summary>Returns the operations in the order in which they are made.</summary>
    public IReadOnlyList<PlannedOperation> Of(ResourcePlan plan) =>
        [
            .. plan.Writes.GroupBy(RowOf).Select(writes => Write(writes.Key, [.. writes])),
            .. plan.Attach.Select(one => Membership(PlannedAction.Attach, one)),
            .. plan.Detach.Where(one => !IsRemoved(plan, one)).Select(one => Membership(PlannedAction.Detach, one)),
            .. plan.Removed.Select(Delete),
        ];

    /// <summary>Returns the row that an insert, update or mutation of a plan writes.</summary>
    public static RowRef RowOf(Op op) =>
        op switch
        {
            InsertOp insert => new(insert.Table, insert.Uuid ?? default),
            UpdateOp update => new(update.Table, update.Where[0].Value.AsUuid()),
            MutateOp mutate => new(mutate.Table, mutate.Where[0].Value.AsUuid()),
            _ => throw new NotSupportedException($"A plan has no operation {op.Name}."),
        };

    /// <summary>Returns true if the child of a membership is deleted.</summary>
    public static bool IsRemoved(ResourcePlan plan, Membership one) => plan.Removed.Any(row => row.Uuid == one.Child);

    private PlannedOperation Write(RowRef row, IReadOnlyList<Op> writes)
    {
        var columns = new SortedDictionary<string, PlannedChange>(StringComparer.Ordinal);
        foreach (var op in writes)
        {
            foreach (var (column, value) in After(op))
            {
                Compare(columns, column, Before(row, column), value);
            }
        }

        return new(writes[0] is InsertOp ? PlannedAction.Insert : PlannedAction.Update, row.Table, row.Uuid, null, columns);
    }

    private PlannedOperation Delete(RowRef row)
    {
        var columns = new SortedDictionary<string, PlannedChange>(StringComparer.Ordinal);
        foreach (var column in actual.GetValueOrDefault(row)?.Columns.Keys.Except(Internal) ?? [])
        {
            Compare(columns, column, Before(row, column), OvsdbValue.Empty);
        }

        return new(PlannedAction.Delete, row.Table, row.Uuid, null, columns);
    }

    private PlannedOperation Membership(PlannedAction action, Membership one) =>
        new(
            action,
            Tables.Marked.First(table => table.Parent == one.Parent.Table).Name,
            one.Child,
            names.Of(one.Parent),
            new Dictionary<string, PlannedChange>()
        );

    private OvsdbValue Before(RowRef row, string column) => actual.GetValueOrDefault(row)?[column] ?? OvsdbValue.Empty;

    /// <summary>Returns the columns that an operation writes with their new values; of a map, only the pairs that change.</summary>
    private IEnumerable<KeyValuePair<string, OvsdbValue>> After(Op op) =>
        op switch
        {
            InsertOp insert => insert.Row,
            UpdateOp update => update.Row,
            MutateOp mutate => mutate
                .Mutations.Select(mutation => mutation.Column)
                .Distinct()
                .Select(column => KeyValuePair.Create(column, After(mutate, column))),
            _ => [],
        };

    private OvsdbValue After(MutateOp mutate, string column)
    {
        var map = new Dictionary<string, string>(Before(RowOf(mutate), column).AsStringMap());
        foreach (var mutation in mutate.Mutations.Where(mutation => mutation.Column == column))
        {
            if (mutation.Mutator == "delete")
            {
                mutation.Value.AsStringSet().ToList().ForEach(key => map.Remove(key));
            }
            else
            {
                mutation.Value.AsStringMap().ToList().ForEach(pair => map[pair.Key] = pair.Value);
            }
        }

        return OvsdbValue.Map(map);
    }

    private static void Compare(SortedDictionary<string, PlannedChange> columns, string column, OvsdbValue from, OvsdbValue to)
    {
        if (from.Kind != OvsdbKind.Map && to.Kind != OvsdbKind.Map)
        {
            if (from != to)
            {
                columns[column] = new(Text(from), Text(to));
            }

            return;
        }

        var (before, after) = (from.AsStringMap(), to.AsStringMap());
        foreach (var key in before.Keys.Union(after.Keys))
        {
            if (before.GetValueOrDefault(key) is var old && after.GetValueOrDefault(key) is var value && old != value)
            {
                columns[$"{column}:{key}"] = new(old, value);
            }
        }
    }

    private static string? Text(OvsdbValue value) =>
        value.Kind switch
        {
            OvsdbKind.String => value.AsString() is { Length: > 0 } text ? text : null,
            _ when value.IsEmpty => null,
            _ => value.ToString(),
        };
}
