using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>Computes the operations that turn actual rows into wanted rows. Pure: no clock, no database, no order of events.</summary>
public static class NorthboundPlan
{
    /// <summary>Returns one plan for each resource, in an order in which they can be carried out. A plan can be empty.</summary>
    /// <param name="actual">Actual rows by owner: rows with a wanted UUID, and rows with the owner mark of the resource.</param>
    public static IReadOnlyList<ResourcePlan> Between(IReadOnlyList<WantedResource> wanted, ILookup<OwnerRef, ActualRow> actual)
    {
        // A row whose owner mark was changed to name another resource still belongs to the resource that wants it.
        var wantedRows = wanted.SelectMany(resource => resource.Rows).Select(row => row.Ref).ToHashSet();
        var plans = wanted.Select(resource => Of(resource, actual[resource.Owner], wantedRows)).OrderBy(Rank).ToList();
        return plans.Any(plan => plan.Removed.Any(row => row.Table != Tables.SwitchPort)) ? SharedRows.Keep(plans, wanted, actual) : plans;
    }

    private static ResourcePlan Of(WantedResource resource, IEnumerable<ActualRow> actual, HashSet<RowRef> wantedRows)
    {
        if (resource is { Obstacle: not null, Kept: null })
        {
            return new(resource.Owner) { HasRows = true, Obstacle = resource.Obstacle };
        }

        var present = actual.ToDictionary(row => row.Ref);
        var changes = resource.Rows.Select(row => Change(row, present.GetValueOrDefault(row.Ref))).ToList();
        // Rows with the owner mark that are not wanted: rows of earlier incarnations, and all rows of a resource that is being deleted.
        var removed = present.Values.Where(row => !wantedRows.Contains(row.Ref) && resource.Kept?.Contains(row.Ref) != true).ToList();
        return new(resource.Owner)
        {
            HasRows = resource.Rows.Count > 0,
            Needs = [.. changes.SelectMany(change => change.Needs).Distinct()],
            Writes = [.. changes.SelectMany(change => change.Writes)],
            Attach = [.. changes.SelectMany(change => change.Attach)],
            Detach =
            [
                .. changes.SelectMany(change => change.Detach),
                .. removed.SelectMany(row => row.Parents.Select(parent => new Membership(parent, row.Ref.Uuid))),
            ],
            Deletes = [.. removed.Select(row => row.Ref).Where(row => Tables.ParentOf(row.Table) is null)],
            Removed = [.. removed.Select(row => row.Ref)],
            Repaired = [.. changes.Where(change => change.IsRepair).Select(change => change.Row)],
            Doubts = resource.IsRequested ? [] : [.. Doubts.Of(resource, present, removed)],
            Obstacle = resource.Obstacle,
        };
    }

    /// <summary>Computes the changes of one wanted row.</summary>
    /// <param name="actual">The row as it is; null if it does not exist.</param>
    private static RowPlan Change(WantedRow wanted, ActualRow? actual)
    {
        var uuid = wanted.Ref.Uuid;
        List<Op> writes = actual is null ? [Insert(wanted)] : [.. Repairs(wanted, actual.Row)];
        var needs = new List<RowRef>();
        if (writes.Count > 0 && wanted.Needs is { } needed)
        {
            needs.Add(needed);
        }

        var attach = new List<Membership>();
        if (wanted.Parent is { } parent && actual?.Parents.Contains(parent) != true)
        {
            attach.Add(new(parent, uuid));
            needs.Add(parent);
        }

        List<Membership> detach = [.. actual?.Parents.Where(p => p != wanted.Parent).Select(p => new Membership(p, uuid)) ?? []];
        var isChanged = writes.Count > 0 || attach.Count > 0 || detach.Count > 0;
        return new(wanted.Ref, needs, writes, attach, detach, IsRepair: actual is not null && isChanged);
    }

    /// <summary>True if the row has all wanted values.</summary>
    public static bool IsMet(WantedRow wanted, Row actual) => !Repairs(wanted, actual).Any();

    private static Op Insert(WantedRow row)
    {
        var columns = row.Columns.Where(column => !column.Value.IsEmpty).ToDictionary();
        foreach (var keys in row.Keys.GroupBy(keys => keys.Column, keys => keys.Pairs))
        {
            if (Present(keys.SelectMany(pairs => pairs)) is { Count: > 0 } map)
            {
                columns[keys.Key] = OvsdbValue.Map(map);
            }
        }

        return Op.Insert(row.Ref.Table, columns, row.Ref.Uuid);
    }

    private static IEnumerable<Op> Repairs(WantedRow wanted, Row actual)
    {
        var columns = wanted.Columns.Where(column => actual[column.Key] != column.Value).ToList();
        if (columns.Count > 0)
        {
            yield return Op.Update(wanted.Ref.Table, [Where.Uuid(wanted.Ref.Uuid)], columns.ToDictionary());
        }

        var mutations = new List<Mutation>();
        foreach (var (column, pairs) in wanted.Keys)
        {
            var present = actual[column].AsStringMap();
            var wrong = pairs.Where(pair => present.GetValueOrDefault(pair.Key) != pair.Value).ToList();
            // The mutator "insert" does not replace the value of an existing key (RFC 7047 §5.1), so wrong keys are deleted first.
            if (wrong.Where(pair => present.ContainsKey(pair.Key)).Select(pair => pair.Key).ToList() is { Count: > 0 } wrongKeys)
            {
                mutations.Add(Mutation.Delete(column, OvsdbValue.Set(wrongKeys)));
            }

            if (Present(wrong) is { Count: > 0 } inserted)
            {
                mutations.Add(Mutation.Insert(column, OvsdbValue.Map(inserted)));
            }
        }

        if (mutations.Count > 0)
        {
            yield return Op.Mutate(wanted.Ref.Table, [Where.Uuid(wanted.Ref.Uuid)], mutations);
        }
    }

    /// <summary>Returns the pairs that have a value.</summary>
    private static List<KeyValuePair<string, string>> Present(IEnumerable<KeyValuePair<string, string?>> pairs)
    {
        var present = new List<KeyValuePair<string, string>>();
        foreach (var (key, value) in pairs)
        {
            if (value is not null)
            {
                present.Add(new(key, value));
            }
        }

        return present;
    }

    /// <summary>Order of the plans: deletions of ports, creations in the order of kinds, other deletions in the opposite order.</summary>
    private static int Rank(ResourcePlan plan)
    {
        var kind = plan.Owner.Kind;
        if (plan.HasRows)
        {
            return (int)kind;
        }

        return Tables.Of(kind).All(table => table.Parent is not null) ? -1 : int.MaxValue - (int)kind;
    }

    /// <summary>Changes of one wanted row.</summary>
    /// <param name="IsRepair">True if the row exists and is changed.</param>
    private sealed record RowPlan(
        RowRef Row,
        List<RowRef> Needs,
        List<Op> Writes,
        List<Membership> Attach,
        List<Membership> Detach,
        bool IsRepair
    );
}
