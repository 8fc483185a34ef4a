using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>
/// What we wrote lately, so that our own changes, when the copy tells them, are not taken for somebody else's. Forgetting one only costs a
/// comparison.
/// </summary>
public sealed class RecentWrites
{
    private readonly Dictionary<RowRef, WantedRow?> _former = [];
    private readonly Dictionary<RowRef, WantedRow?> _latest = [];

    /// <summary>Notes what a transaction has made of these rows; null: gone.</summary>
    public void Note(RowRef row, WantedRow? wanted) => _latest[row] = wanted;

    /// <summary>Forgets what is older than the last two calls: by then the copy has told it.</summary>
    public void Age()
    {
        _former.Clear();
        foreach (var (row, wanted) in _latest)
        {
            _former[row] = wanted;
        }

        _latest.Clear();
    }

    /// <summary>Whether the row is now as we made it, or only its members changed, which are looked at one by one.</summary>
    public bool Explain(RowChange change, bool onlyPorts) =>
        onlyPorts
        || (
            Find(new(change.Table, change.Uuid), out var wanted)
            && (wanted is null ? change.After is null : change.After is not null && NorthboundPlan.IsMet(wanted, change.After))
        );

    /// <summary>Whether the port is, or is no more, in this parent because we said so.</summary>
    public bool ExplainMember(RowRef parent, RowRef child, bool isIn) => Find(child, out var wanted) && isIn == (wanted?.Parent == parent);

    private bool Find(RowRef row, out WantedRow? wanted) => _latest.TryGetValue(row, out wanted) || _former.TryGetValue(row, out wanted);
}
