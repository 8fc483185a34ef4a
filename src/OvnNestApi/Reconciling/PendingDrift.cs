using OvnNestApi.Northbound;

namespace OvnNestApi.Reconciling;

/// <summary>Changes of the NB that no pass has processed yet.</summary>
internal sealed class PendingDrift(NorthboundDb nb)
{
    private NorthboundDrift? _returned;

    /// <summary>Recent writes of this process, whose changes are not drift.</summary>
    public RecentWrites RecentWrites { get; } = new();

    /// <summary>Returns what has changed since the last call, and what was put back.</summary>
    public NorthboundDrift Take()
    {
        RecentWrites.Age();
        var drift = _returned ?? new(nb.Ownership, RecentWrites);
        _returned = null;
        foreach (var change in nb.TakeChanges())
        {
            drift.Add(change);
        }

        return drift;
    }

    /// <summary>Puts everything back that a pass took, and more resources to compare, because the pass has to be repeated.</summary>
    public void PutBack(NorthboundDrift drift, IEnumerable<Guid> more)
    {
        drift.Add([.. more, .. _returned?.Suspects ?? []], _returned?.Observed ?? []);
        _returned = drift;
    }

    /// <summary>Puts resources back that a pass took and did not finish.</summary>
    public void PutBack(IEnumerable<Guid> suspects, IEnumerable<Guid> observed) =>
        (_returned ??= new(nb.Ownership, RecentWrites)).Add(suspects, observed);
}
