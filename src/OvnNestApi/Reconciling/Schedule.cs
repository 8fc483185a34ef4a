namespace OvnNestApi.Reconciling;

/// <summary>When to compare everything, and how long to wait. No I/O.</summary>
internal sealed class Schedule(ReconcilerOptions options, TimeProvider time)
{
    private long? _compared;
    private long _comparedAt;
    private long? _endedAt;
    private Term? _term;

    /// <summary>The last comparison was held back: nothing is done until the next.</summary>
    public bool IsBraked { get; private set; }

    /// <summary>Everything is to be compared: the copy was loaded anew, an admin has spoken, or it is time.</summary>
    public bool IsFullDue(long generation, Term term) =>
        _compared != generation
        || (
            _term is { } before
            && (before.Mode != term.Mode || before.ReleasedBrake != term.ReleasedBrake && term.ReleasedBrake is not null)
        )
        || time.GetElapsedTime(_comparedAt) >= options.Resync;

    /// <summary>Notes how a pass ended. True: the next follows, and waits for nothing.</summary>
    public bool Note(PassReport report, long generation, bool isFull, Term term)
    {
        (_term, _endedAt) = (term, time.GetTimestamp());
        IsBraked = report.IsBraked;
        if (isFull && (report.IsComplete || report.IsBraked))
        {
            (_compared, _comparedAt) = (generation, time.GetTimestamp());
        }

        return report.HasMore;
    }

    /// <summary>What is known is worth nothing: everything is compared next time.</summary>
    public void Forget() => _compared = null;

    /// <summary>How long to wait if nothing wakes us.</summary>
    public TimeSpan WaitAtMost(TimeSpan? port)
    {
        TimeSpan[] waits =
        [
            options.Poll,
            port ?? options.Poll,
            _compared is null ? options.Poll : options.Resync - time.GetElapsedTime(_comparedAt),
        ];
        var least = waits.Min();
        return least > TimeSpan.FromMilliseconds(1) ? least : TimeSpan.FromMilliseconds(1);
    }

    /// <summary>
    /// One change alone goes at once; what follows close behind waits for its like, and goes in one transaction. So no two passes follow
    /// without a pause.
    /// </summary>
    public TimeSpan Linger() =>
        _endedAt is { } ended && options.Linger - time.GetElapsedTime(ended) is { Ticks: > 0 } rest ? rest : TimeSpan.Zero;
}
