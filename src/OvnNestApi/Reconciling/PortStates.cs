namespace OvnNestApi.Reconciling;

/// <summary>Debounces the column <c>up</c>: a port is up at once, but down only after it has been down for the debounce time.</summary>
internal sealed class PortStates(TimeProvider time, TimeSpan debounce)
{
    private readonly Dictionary<Guid, long> _downSince = [];

    /// <summary>Time until the next port that is down counts as down; null if no port is waiting.</summary>
    public TimeSpan? NextIn => _downSince.Count == 0 ? null : _downSince.Values.Min(since => debounce - time.GetElapsedTime(since));

    /// <summary>Returns the debounced state of a port, given its current state; null if the previous state still applies.</summary>
    public bool? Observe(Guid id, bool isUp)
    {
        if (isUp)
        {
            _downSince.Remove(id);
            return true;
        }

        if (!_downSince.TryGetValue(id, out var since))
        {
            _downSince[id] = since = time.GetTimestamp();
        }

        if (time.GetElapsedTime(since) < debounce)
        {
            return null;
        }

        _downSince.Remove(id);
        return false;
    }

    /// <summary>Returns the ports that have been down for the debounce time.</summary>
    public IReadOnlyList<Guid> Due() => [.. _downSince.Where(down => time.GetElapsedTime(down.Value) >= debounce).Select(down => down.Key)];
}
