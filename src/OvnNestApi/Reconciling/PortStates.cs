namespace OvnNestApi.Reconciling;

/// <summary>Debounces <c>up</c>: an up port is believed at once, a down one when it has been down for a while.</summary>
internal sealed class PortStates(TimeProvider time, TimeSpan debounce)
{
    private readonly Dictionary<Guid, long> _downSince = [];

    /// <summary>When the next port that is down will be believed to be; null: none is waited for.</summary>
    public TimeSpan? NextIn => _downSince.Count == 0 ? null : _downSince.Values.Min(since => debounce - time.GetElapsedTime(since));

    /// <summary>What to believe of a port that is seen now; null: what was believed before.</summary>
    public bool? See(Guid id, bool isUp)
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

    /// <summary>The ports that have been down long enough.</summary>
    public IReadOnlyList<Guid> Due() => [.. _downSince.Where(down => time.GetElapsedTime(down.Value) >= debounce).Select(down => down.Key)];
}
