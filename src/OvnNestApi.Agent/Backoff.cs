namespace OvnNestApi.Agent;

/// <summary>
/// How long to wait before the next try: doubling from the first to the longest, less up to a quarter by chance so that many agents do not
/// come at once.
/// </summary>
internal sealed class Backoff(TimeSpan first, TimeSpan longest)
{
    private int _failures;

    /// <summary>It worked: the next failure waits the shortest time again.</summary>
    public void Reset() => _failures = 0;

    public TimeSpan Next()
    {
        var doubled = first * Math.Pow(2, Math.Min(_failures++, 20));
        var pause = doubled < longest ? doubled : longest;
#pragma warning disable CA5394 // nobody gains by guessing it
        return pause * (1 - (Random.Shared.NextDouble() / 4));
#pragma warning restore CA5394
    }
}
