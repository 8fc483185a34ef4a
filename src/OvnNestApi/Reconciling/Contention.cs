namespace OvnNestApi.Reconciling;

/// <summary>
/// Counts repairs: a row that has to be repaired again and again has a second writer, and a fight with it would never end.
/// </summary>
internal sealed class Contention(TimeProvider time, int perMinute)
{
    private readonly Dictionary<Guid, Queue<long>> _repairs = [];
    private readonly HashSet<Guid> _contended = [];

    /// <summary>Objects that are left alone until everything is compared.</summary>
    public bool Has(Guid id) => _contended.Contains(id);

    /// <summary>Notes a repair; true once there are too many.</summary>
    public bool Note(Guid id)
    {
        var repairs = _repairs.TryGetValue(id, out var known) ? known : _repairs[id] = new();
        repairs.Enqueue(time.GetTimestamp());
        while (time.GetElapsedTime(repairs.Peek()) > TimeSpan.FromMinutes(1))
        {
            repairs.Dequeue();
        }

        if (repairs.Count > perMinute)
        {
            _contended.Add(id);
        }

        return _contended.Contains(id);
    }

    /// <summary>Nothing had to be repaired when everything was compared: the second writer has stopped.</summary>
    public void Clear(Guid id)
    {
        _contended.Remove(id);
        _repairs.Remove(id);
    }

    /// <summary>Forgets objects that were last repaired more than a minute ago.</summary>
    public void Prune()
    {
        foreach (
            var (id, repairs) in _repairs
                .Where(r => !_contended.Contains(r.Key) && time.GetElapsedTime(r.Value.Last()) > TimeSpan.FromMinutes(1))
                .ToList()
        )
        {
            _repairs.Remove(id);
        }
    }
}
