namespace OvnNestApi.Data;

/// <summary>Configuration section <c>Reconnect</c>: how often a lost connection for wake-ups is opened again.</summary>
public sealed class ReconnectOptions
{
    /// <summary>Mean pause before the second attempt, 1 ms to 1 s. It doubles with each attempt, with jitter.</summary>
    public TimeSpan FirstPause { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest pause between two attempts, 1 ms to 1 min.</summary>
    public TimeSpan LongestPause { get; set; } = TimeSpan.FromSeconds(5);
}
