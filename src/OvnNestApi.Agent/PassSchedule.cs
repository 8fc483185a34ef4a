namespace OvnNestApi.Agent;

/// <summary>Decides which ticks start a pass. Most changes of the host start a pass without a tick.</summary>
internal sealed class PassSchedule(TimeProvider time)
{
    // Finds the changes that nothing notifies, for example of a device that is down. With a tick every 2 s, it makes at most 10 s.
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(8);

    private readonly Lock _lock = new();
    private long _passedAt;
    private bool _isSettled;

    /// <summary>True if the last pass has left something open, or was long ago.</summary>
    public bool IsDue
    {
        get
        {
            lock (_lock)
            {
                return !_isSettled || time.GetElapsedTime(_passedAt) >= LongestRest;
            }
        }
    }

    /// <summary>Records the end of a pass.</summary>
    /// <param name="isSettled">True if everything is in place and no pass is needed until a change of the host is notified.</param>
    public void MarkPassed(bool isSettled)
    {
        lock (_lock)
        {
            (_passedAt, _isSettled) = (time.GetTimestamp(), isSettled);
        }
    }
}
