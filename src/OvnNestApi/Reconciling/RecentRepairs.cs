using OvnNestApi.Northbound;

namespace OvnNestApi.Reconciling;

/// <summary>
/// Rows that were deleted or changed without a request within the last minute. They count for the limits of the safety brake, so that many
/// small passes cannot do what one pass must not do.
/// </summary>
internal sealed class RecentRepairs(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private readonly Dictionary<RowRef, (bool IsRemoval, long At)> _rows = [];

    /// <summary>Number of the rows.</summary>
    public int Count
    {
        get
        {
            Age();
            return _rows.Count;
        }
    }

    /// <summary>Adds a row. A row that is changed several times counts once.</summary>
    public void Add(Doubt doubt) => _rows[doubt.Row] = (doubt.IsRemoval, time.GetTimestamp());

    /// <summary>Returns the number of rows that were deleted, or changed, except these rows.</summary>
    public int CountOthers(IReadOnlySet<RowRef> except, bool isRemoval)
    {
        Age();
        return _rows.Count(row => row.Value.IsRemoval == isRemoval && !except.Contains(row.Key));
    }

    private void Age()
    {
        foreach (var (row, repair) in _rows)
        {
            if (time.GetElapsedTime(repair.At) > Window)
            {
                _rows.Remove(row);
            }
        }
    }
}
