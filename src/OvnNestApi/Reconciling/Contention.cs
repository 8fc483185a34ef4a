using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>
/// Counts repairs of drift. If the rows of a resource have to be repaired too often, another client keeps writing them, and the repairs
/// would never end. It is repaired again after a minute without a change by others.
/// </summary>
internal sealed class Contention(TimeProvider time, int maxPerMinute)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private readonly Dictionary<Guid, Queue<long>> _repairs = [];
    private readonly Dictionary<Guid, long> _contended = []; // with the timestamps of the last changes by others
    private long _prunedAt = time.GetTimestamp();

    /// <summary>The obstacle of a contended resource.</summary>
    public static Northbound.Obstacle Obstacle { get; } =
        new(Reason.Contended, "Another client keeps changing the rows of the resource in the northbound database.");

    /// <summary>Time after which a contended resource is looked at again.</summary>
    public static TimeSpan LooksAgainAfter { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Number of resources whose repairs are counted.</summary>
    public int Count => _repairs.Count;

    /// <summary>True if the resource is contended, and is not repaired before the next full comparison.</summary>
    public bool Has(Guid id)
    {
        if (_contended.TryGetValue(id, out var changedAt) && time.GetElapsedTime(changedAt) > Minute)
        {
            Clear(id);
        }

        return _contended.ContainsKey(id);
    }

    /// <summary>Records that others have changed rows of these resources.</summary>
    public void AddChanges(IEnumerable<Guid> ids)
    {
        foreach (var id in ids.Where(_contended.ContainsKey))
        {
            _contended[id] = time.GetTimestamp();
        }
    }

    /// <summary>Counts a repair. Returns true if the resource is contended now.</summary>
    public bool AddRepair(Guid id)
    {
        if (time.GetElapsedTime(_prunedAt) > Minute)
        {
            Prune();
        }

        var repairs = _repairs.TryGetValue(id, out var known) ? known : _repairs[id] = new();
        repairs.Enqueue(time.GetTimestamp());
        while (time.GetElapsedTime(repairs.Peek()) > Minute)
        {
            repairs.Dequeue();
        }

        if (repairs.Count > maxPerMinute)
        {
            _contended[id] = time.GetTimestamp();
        }

        return _contended.ContainsKey(id);
    }

    /// <summary>Ends the contention of a resource. Called if nothing had to be repaired for a minute, or by a full comparison.</summary>
    public void Clear(Guid id)
    {
        _contended.Remove(id);
        _repairs.Remove(id);
    }

    /// <summary>Removes resources that are not contended and were last repaired more than a minute ago.</summary>
    private void Prune()
    {
        foreach (var (id, repairs) in _repairs.ToList())
        {
            if (!_contended.ContainsKey(id) && time.GetElapsedTime(repairs.Last()) > Minute)
            {
                _repairs.Remove(id);
            }
        }

        _prunedAt = time.GetTimestamp();
    }
}
