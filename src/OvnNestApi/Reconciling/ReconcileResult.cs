using OvnNestApi.Northbound;

namespace OvnNestApi.Reconciling;

/// <summary>Result of a pass for one resource.</summary>
/// <param name="Owner">The resource.</param>
/// <param name="Recorded">Recorded state when the pass began.</param>
/// <param name="InNorthbound">True if the NB contains what the resource must have there.</param>
/// <param name="Obstacle">Why the rows are not as desired; null if they are.</param>
/// <param name="RetriesLater">True if the resource is tried again after a pause that grows with every failure.</param>
internal sealed record ReconcileResult(
    OwnerRef Owner,
    RecordedState Recorded,
    bool InNorthbound,
    Obstacle? Obstacle = null,
    bool RetriesLater = false
)
{
    /// <summary>True if the result is the same as the recorded state, so that it does not have to be written.</summary>
    public bool IsRecorded =>
        Recorded.DirtySeq <= Recorded.ReconciledSeq
        && InNorthbound == Recorded.InNorthbound
        && !RetriesLater
        && Recorded.RetryAt is null
        && Obstacle?.Message == Recorded.Rejection
        && Obstacle?.Cause == Recorded.RejectedAs;
}
