using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>What turns the actual rows into the wanted ones. Pure: no clock, no database, no order of events.</summary>
public static class NorthboundPlan
{
    /// <summary>
    /// One plan for each object, in an order in which they can be carried out; where nothing has to be done, it is empty.
    /// </summary>
    /// <param name="wanted">The objects, with the rows that they shall have.</param>
    /// <param name="actual">Their rows as they are: those with a wanted UUID, and those that bear the object's mark.</param>
    public static IReadOnlyList<ResourcePlan> Between(IReadOnlyList<WantedResource> wanted, ILookup<OwnerRef, ActualRow> actual)
    {
        // A row whose mark was falsified to name another object is still its own object's.
        var spoken = wanted.SelectMany(o => o.Rows).Select(row => row.Ref).ToHashSet();
        var plans = wanted.Select(o => Of(o, actual[o.Object], spoken)).OrderBy(Rank).ToList();
        return plans.Any(plan => plan.Deletes.Count > 0) ? KeepShared(plans, actual) : plans;
    }

    private static ResourcePlan Of(WantedResource o, IEnumerable<ActualRow> actual, HashSet<RowRef> spoken)
    {
        if (o.Obstacle is not null)
        {
            return new(o.Object) { Creates = true, Kept = o.Obstacle };
        }

        var present = actual.ToDictionary(row => row.Ref);
        var (needs, repaired) = (new HashSet<RowRef>(), new List<RowRef>());
        var (writes, attach, detach) = (new List<Op>(), new List<Membership>(), new List<Membership>());
        foreach (var row in o.Rows)
        {
            var before = (writes.Count, attach.Count, detach.Count);
            present.Remove(row.Ref, out var now);
            writes.AddRange(now is null ? [Insert(row)] : Repairs(row, now.Row));
            if (writes.Count > before.Item1 && row.Needs is { } needed)
            {
                needs.Add(needed);
            }

            if (row.Parent is { } parent && now?.Parents.Contains(parent) != true)
            {
                attach.Add(new(parent, row.Ref.Uuid));
                needs.Add(parent);
            }
            detach.AddRange(now?.Parents.Where(p => p != row.Parent).Select(p => new Membership(p, row.Ref.Uuid)) ?? []);
            if (now is not null && before != (writes.Count, attach.Count, detach.Count))
            {
                repaired.Add(row.Ref);
            }
        }

        // What bears the mark and is not wanted: former incarnations, and all rows of an object on its way out.
        var gone = present.Values.Where(row => !spoken.Contains(row.Ref)).ToList();
        detach.AddRange(gone.SelectMany(row => row.Parents.Select(parent => new Membership(parent, row.Ref.Uuid))));
        return new(o.Object)
        {
            Creates = o.Rows.Count > 0,
            Needs = [.. needs],
            Writes = writes,
            Attach = attach,
            Detach = detach,
            Deletes = [.. gone.Select(row => row.Ref).Where(row => Tables.ParentOf(row.Table) is null)],
            Removed = [.. gone.Select(row => row.Ref)],
            Repaired = repaired,
            Unasked = o.IsAsked ? 0 : gone.Count(old => !o.Rows.Any(row => row.Ref.Table == old.Ref.Table)),
        };
    }

    /// <summary>Whether every column of ours is as it shall be.</summary>
    public static bool IsMet(WantedRow wanted, Row actual) => !Repairs(wanted, actual).Any();

    private static Op Insert(WantedRow row)
    {
        var columns = row.Columns.Where(column => !column.Value.IsEmpty).ToDictionary();
        foreach (var (column, pairs) in row.Keys)
        {
            if (Present(pairs) is { Count: > 0 } map)
            {
                columns[column] = OvsdbValue.Map(map);
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
            // A map `insert` keeps the present value (RFC 7047 §5.1), so what is wrong goes first.
            if (wrong.Where(pair => present.ContainsKey(pair.Key)).Select(pair => pair.Key).ToList() is { Count: > 0 } go)
            {
                mutations.Add(Mutation.Delete(column, OvsdbValue.Set(go)));
            }

            if (Present(wrong) is { Count: > 0 } come)
            {
                mutations.Add(Mutation.Insert(column, OvsdbValue.Map(come)));
            }
        }
        if (mutations.Count > 0)
        {
            yield return Op.Mutate(wanted.Ref.Table, [Where.Uuid(wanted.Ref.Uuid)], mutations);
        }
    }

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

    /// <summary>Ports go before anything else, switches and routers last; what is made comes in the order of reference.</summary>
    private static int Rank(ResourcePlan plan) =>
        (plan.Creates, plan.Object.Kind) switch
        {
            (true, var kind) => (int)kind,
            (false, OwnerKind.Container or OwnerKind.Vm) => -1,
            (false, OwnerKind.Network) => 8,
            _ => 9,
        };

    /// <summary>A switch or router of ours in which others have ports is kept: they would go with it.</summary>
    private static List<ResourcePlan> KeepShared(List<ResourcePlan> plans, ILookup<OwnerRef, ActualRow> actual)
    {
        var leaving = plans.SelectMany(plan => plan.Detach).ToHashSet();
        return plans.ConvertAll(plan =>
        {
            if (plan.Deletes.Count == 0)
            {
                return plan;
            }

            var kept = actual[plan.Object]
                .Where(row =>
                    plan.Deletes.Contains(row.Ref) && row.Row["ports"].AsSet().Any(port => !leaving.Contains(new(row.Ref, port.AsUuid())))
                )
                .ToList();
            return kept.Count == 0
                ? plan
                : plan with
                {
                    Deletes = [.. plan.Deletes.Except(kept.Select(row => row.Ref))],
                    Removed = [.. plan.Removed.Except(kept.Select(row => row.Ref))],
                    Kept = Obstacle.Rejected(
                        $"{kept[0].Ref.Table} {kept[0].Row["name"].AsOptionalString()} has ports that are not ours, and stays until they are gone."
                    ),
                };
        });
    }
}
