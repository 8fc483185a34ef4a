namespace OvnNestApi.Northbound;

/// <summary>Finds what a plan does to existing rows without a request through the API.</summary>
internal static class Doubts
{
    /// <summary>Returns the rows that are deleted, moved, or changed in a guarded column. A missing row is inserted at once.</summary>
    /// <param name="present">Actual rows of the resource.</param>
    /// <param name="removed">Those of them that are deleted.</param>
    public static IEnumerable<Doubt> Of(
        WantedResource resource,
        IReadOnlyDictionary<RowRef, ActualRow> present,
        IReadOnlyCollection<ActualRow> removed
    )
    {
        foreach (var row in removed)
        {
            // A row that is replaced by a row of the same table is not lost.
            var isReplaced = resource.Rows.Any(wanted => wanted.Ref.Table == row.Ref.Table);
            yield return new(row.Ref, !isReplaced, $"{row} would be {(isReplaced ? "replaced" : "deleted")}");
        }

        foreach (var wanted in resource.Rows)
        {
            if (present.TryGetValue(wanted.Ref, out var row) && Changes(wanted, row).ToList() is { Count: > 0 } changes)
            {
                yield return new(row.Ref, IsRemoval: false, $"{row} would be changed: {string.Join(", ", changes)}");
            }
        }
    }

    private static IEnumerable<string> Changes(WantedRow wanted, ActualRow row)
    {
        foreach (var (column, value) in wanted.Columns)
        {
            if (row.Row[column] != value && Tables.GuardedOf(wanted.Ref.Table).Contains(column))
            {
                yield return $"{column} from {row.Row[column]} to {value}";
            }
        }

        foreach (var parent in row.Parents.Where(parent => parent != wanted.Parent))
        {
            yield return $"from {parent.Table} {parent.Uuid} to {wanted.Parent?.Uuid}";
        }
    }
}
