namespace OvnNestApi.Reconciling;

/// <summary>Decides when a full comparison is due and how long the loop waits between passes. No I/O.</summary>
internal sealed class Schedule(ReconcilerOptions options, TimeProvider time)
{
    /// <summary>How many times longer the loop waits if signals of all changes arrive and nothing is due at a later time.</summary>
    private const int QuietPolls = 5;

    private long? _comparedGeneration;
    private long _comparedAt;
    private long? _endedAt;
    private Term? _term;

    /// <summary>
    /// True if all resources must be compared: the replica was loaded again, an admin has changed the mode or released a brake, or the
    /// resync interval is over.
    /// </summary>
    public bool IsFullDue(long generation, Term term) =>
        _comparedGeneration != generation || IsChangedByAdmin(term) || time.GetElapsedTime(_comparedAt) >= options.Resync;

    /// <summary>Records how a pass ended. Returns true if the next pass must follow without waiting for a signal.</summary>
    public bool Finish(PassReport report, long generation, bool isFull, Term term)
    {
        (_term, _endedAt) = (term, time.GetTimestamp());
        if (isFull)
        {
            // What has caused the comparison, such as the release of a brake, is done only when everything was compared.
            (_comparedGeneration, _comparedAt) = (report.IsComplete ? generation : null, time.GetTimestamp());
        }

        return report.HasMore;
    }

    /// <summary>Makes a full comparison due.</summary>
    public void Forget() => _comparedGeneration = null;

    /// <summary>Returns the maximum time to wait for a signal.</summary>
    /// <param name="nextPort">Time until the state of a port has to be recorded; null if no port is waiting.</param>
    /// <param name="isQuiet">True if changes are signalled and no rejected resource waits; then a poll only heals a lost signal.</param>
    public TimeSpan WaitAtMost(TimeSpan? nextPort, bool isQuiet)
    {
        var poll = isQuiet ? options.Poll * QuietPolls : options.Poll;
        TimeSpan[] waits =
        [
            poll,
            nextPort ?? poll,
            _comparedGeneration is null ? options.Poll : options.Resync - time.GetElapsedTime(_comparedAt),
        ];
        var shortest = waits.Min();
        return shortest > TimeSpan.FromMilliseconds(1) ? shortest : TimeSpan.FromMilliseconds(1);
    }

    /// <summary>
    /// Returns how long to collect further changes before the next pass. A single change is written at once. The changes that follow it
    /// closely wait for each other and are written in one transaction.
    /// </summary>
    public TimeSpan Linger() =>
        _endedAt is { } ended && options.Linger - time.GetElapsedTime(ended) is { Ticks: > 0 } rest ? rest : TimeSpan.Zero;

    private bool IsChangedByAdmin(Term term) =>
        _term is { } before && (before.Mode != term.Mode || (before.ReleasedBrake != term.ReleasedBrake && term.ReleasedBrake is not null));
}
