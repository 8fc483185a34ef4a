namespace OvnNestApi.Reconciling;

/// <summary>What a pass has found and done, and what it has to record.</summary>
internal sealed record PassOutcome
{
    /// <summary>True if the pass compared all resources.</summary>
    public bool IsFull { get; init; }

    /// <summary>Timestamp of the pass's start.</summary>
    public long StartedAt { get; init; }

    /// <summary>Desired state that was read; null if the pass compared nothing.</summary>
    public DesiredState? Desired { get; init; }

    /// <summary>What the safety brake withholds; null if nothing.</summary>
    public BrakeView? Brake { get; init; }

    /// <summary>Last release of the safety brake, if it is carried out; otherwise null.</summary>
    public string? UsedRelease { get; init; }

    /// <summary>True if <see cref="Brake"/> is not recorded yet.</summary>
    public bool HasNewBrake { get; init; }

    /// <summary>True if the pass has changed the desired state or found more resources to compare; then it is repeated.</summary>
    public bool MustRepeat { get; init; }

    /// <summary>Number of operations committed in the NB.</summary>
    public int Operations { get; init; }

    /// <summary>Results of the resources that were processed.</summary>
    public IReadOnlyList<ReconcileResult> Results { get; init; } = [];

    /// <summary>
    /// Ids of resources whose plan was neither committed nor rejected, or that have to be compared as well. The next pass processes them.
    /// </summary>
    public IReadOnlyList<Guid> Unfinished { get; init; } = [];

    /// <summary>Leases whose tag no row of ours has any more.</summary>
    public IReadOnlyDictionary<Guid, DrainedTag> Drained { get; init; } = new Dictionary<Guid, DrainedTag>();

    /// <summary><c>NB_Global.hv_cfg</c>; null if it does not have to be recorded.</summary>
    public long? HvCfg { get; init; }

    /// <summary>Observed states of ports.</summary>
    public IReadOnlyList<PortObservation> Observations { get; init; } = [];
}

/// <summary>How a pass ended.</summary>
/// <param name="IsComplete">True if everything that had to be processed was processed.</param>
/// <param name="HasMore">True if the next pass must follow at once.</param>
internal readonly record struct PassReport(bool IsComplete = false, bool HasMore = false);
