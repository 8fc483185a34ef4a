using OvnNestApi.Northbound;
using OvnNestApi.Schema;
using Ovsdb;

namespace OvnNestApi.Reconciling;

/// <summary>
/// Finds wanted ports that cannot be written because a row that the safety brake withholds from deletion has their name or tag. The names
/// of ports are unique in the NB.
/// </summary>
internal static class Collisions
{
    /// <summary>Returns the resources with such a port, each with the reason.</summary>
    /// <param name="withheld">Plans that the brake withholds.</param>
    /// <param name="brake">Id that releases them.</param>
    public static IEnumerable<KeyValuePair<OwnerRef, Obstacle>> Find(
        PassPlan pass,
        IEnumerable<DoubtfulPlan> withheld,
        NorthboundView view,
        string brake
    )
    {
        var kept = Keys(withheld.SelectMany(plan => plan.Plan.Removed), view);
        if (kept.Count == 0)
        {
            yield break;
        }

        foreach (var plan in pass.Plans.Where(plan => plan.Writes.Count > 0 || plan.Obstacle?.Cause == Reason.TagConflict))
        {
            var met = pass.Wanted(plan.Owner).Rows.SelectMany(row => Keys(row).Where(key => Meets(key, row.Ref)));
            if (met.FirstOrDefault() is { } key)
            {
                yield return new(plan.Owner, new(Reason.Braked, Message(key.Noun, kept[key], brake)));
            }
        }

        bool Meets(Key key, RowRef row) => kept.TryGetValue(key, out var other) && other.Row != row;
    }

    private static Dictionary<Key, (RowRef Row, string? Name)> Keys(IEnumerable<RowRef> rows, NorthboundView view)
    {
        var keys = new Dictionary<Key, (RowRef, string?)>();
        foreach (var row in rows)
        {
            if (view.Find(row) is { } found)
            {
                foreach (var key in Keys(row.Table, column => found[column]))
                {
                    keys[key] = (row, view.NameOf(row));
                }
            }
        }

        return keys;
    }

    private static IEnumerable<Key> Keys(WantedRow row)
    {
        var columns = row.Columns.ToDictionary();
        return Keys(row.Ref.Table, column => columns.GetValueOrDefault(column));
    }

    /// <summary>Returns the name of a port, and the tag of a nested port within its parent.</summary>
    private static IEnumerable<Key> Keys(string table, Func<string, OvsdbValue> column)
    {
        if (Tables.ParentOf(table) is null)
        {
            yield break;
        }

        yield return new("name", table, column("name"), OvsdbValue.Empty);
        if (table == Tables.SwitchPort && column("tag_request") is { IsEmpty: false } tag)
        {
            yield return new("tag", table, column("parent_name"), tag);
        }
    }

    private static string Message(string noun, (RowRef Row, string? Name) kept, string brake) =>
        $"{kept.Row.Table} {kept.Name} ({kept.Row.Uuid}) has the same {noun}, and the safety brake withholds its deletion. "
        + $"If the deletion is right, release brake {brake}.";

    /// <summary>What two ports must not have in common.</summary>
    private sealed record Key(string Noun, string Table, OvsdbValue Value, OvsdbValue Tag);
}
