using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>
/// Rows that this process has written recently. A change of the replica that they explain is not drift. If an entry is missing, the only
/// consequence is an unnecessary comparison.
/// </summary>
public sealed class RecentWrites
{
    private readonly Dictionary<RowRef, WantedRow?> _previous = [];
    private readonly Dictionary<RowRef, WantedRow?> _latest = [];

    /// <summary>Adds a row as a transaction has written it; null if the transaction has removed it.</summary>
    public void Add(RowRef row, WantedRow? wanted) => _latest[row] = wanted;

    /// <summary>Removes entries that were added before the previous call; by now the replica contains these changes.</summary>
    public void Age()
    {
        _previous.Clear();
        foreach (var (row, wanted) in _latest)
        {
            _previous[row] = wanted;
        }

        _latest.Clear();
    }

    /// <summary>Returns true if the row is now as this process has written it.</summary>
    public bool Explain(RowChange change) =>
        Find(new(change.Table, change.Uuid), out var wanted)
        && (wanted is null ? change.After is null : change.After is not null && NorthboundPlan.IsMet(wanted, change.After));

    /// <summary>Returns true if this process has made the port a member of this parent, or no member, as it is now.</summary>
    public bool ExplainMember(RowRef parent, RowRef child, bool isMember) =>
        Find(child, out var wanted) && isMember == (wanted?.Parent == parent);

    private bool Find(RowRef row, out WantedRow? wanted) => _latest.TryGetValue(row, out wanted) || _previous.TryGetValue(row, out wanted);
}
