namespace Ovsdb;

/// <summary>
/// The delay before the next attempt: none before the first, then doubling up to a maximum. Random jitter spreads the clients of a server.
/// </summary>
internal sealed class Backoff(TimeSpan minimum, TimeSpan maximum, Random random)
{
    private int _attempts;

    /// <summary>Starts again without a delay, after a success.</summary>
    public void Reset() => _attempts = 0;

    /// <summary>Returns the next delay: between half of the current limit and the limit.</summary>
    public TimeSpan Next()
    {
        if (_attempts++ == 0)
        {
            return TimeSpan.Zero;
        }

        var limit = Math.Min(maximum.TotalMilliseconds, minimum.TotalMilliseconds * Math.Pow(2, Math.Min(_attempts - 2, 30)));
        return TimeSpan.FromMilliseconds(limit * (0.5 + random.NextDouble() / 2));
    }
}
