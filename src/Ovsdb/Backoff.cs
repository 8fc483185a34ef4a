namespace Ovsdb;

/// <summary>How long to wait before the next attempt: not at all at first, then longer each time, with jitter so that clients of one server spread.</summary>
internal sealed class Backoff(TimeSpan minimum, TimeSpan maximum)
{
    private int _attempts;

    /// <summary>It worked: begin anew.</summary>
    public void Reset() => _attempts = 0;

    public TimeSpan Next()
    {
        if (_attempts++ == 0)
        {
            return TimeSpan.Zero;
        }

        var longest = Math.Min(maximum.TotalMilliseconds, minimum.TotalMilliseconds * Math.Pow(2, Math.Min(_attempts - 2, 30)));
        return TimeSpan.FromMilliseconds(longest * (0.5 + Random.Shared.NextDouble() / 2));
    }
}
