namespace OvnNestApi.Agent.ControlPlane;

/// <summary>Limits of the retries of requests to the control plane.</summary>
/// <param name="FirstDelay">
/// Delay after the first failure, from <c>NEST_RETRY_FIRST</c>, default 0.5 s. It doubles, with jitter.
/// </param>
/// <param name="MaxDelay">
/// Longest delay, from <c>NEST_RETRY_MAX</c>, default 3 s: so long may the agent take to return when the control plane is good again. Keep
/// it below <c>Hosts:SilentAfter</c> of the API (30 s), or the API reports the host as silent between two attempts.
/// </param>
internal sealed record RetrySettings(TimeSpan FirstDelay, TimeSpan MaxDelay)
{
    /// <summary>Number of quick retries inside one request, for short interruptions.</summary>
    public int QuickRetries { get; init; } = 2;

    /// <summary>Delay before the first quick retry.</summary>
    public TimeSpan QuickDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Timeout of one attempt, including the time for which the control plane may hold a poll.</summary>
    public TimeSpan AttemptTimeout { get; init; } = ControlPlaneClient.PollWait + TimeSpan.FromSeconds(5);

    /// <exception cref="FormatException">A value is not a duration, or out of range.</exception>
    public static RetrySettings From(Func<string, string?> environment)
    {
        var first = ReadDuration(environment, "NEST_RETRY_FIRST", TimeSpan.FromMilliseconds(500));
        var max = ReadDuration(environment, "NEST_RETRY_MAX", TimeSpan.FromSeconds(3));
        return first <= max
            ? new RetrySettings(first, max)
            : throw new FormatException($"NEST_RETRY_FIRST ({first}) must not be longer than NEST_RETRY_MAX ({max}).");
    }

    private static TimeSpan ReadDuration(Func<string, string?> environment, string name, TimeSpan defaultValue)
    {
        if (environment(name) is not { Length: > 0 } text)
        {
            return defaultValue;
        }

        return TimeSpan.TryParseExact(text, "c", null, out var value) && value > TimeSpan.Zero && value <= TimeSpan.FromDays(1)
            ? value
            : throw new FormatException($"{name}: '{text}' is not a duration between 0 and 1 day; write it as 00:00:10.");
    }
}
