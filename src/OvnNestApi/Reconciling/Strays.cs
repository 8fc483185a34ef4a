using OvnNestApi.Northbound;

namespace OvnNestApi.Reconciling;

/// <summary>
/// Strays: owners named by the marks of rows that belong to no known resource. Their rows are removed after two consecutive full
/// comparisons have found them; the second follows soon after the first.
/// </summary>
internal sealed class Strays(TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);
    private HashSet<OwnerRef> _previous = [];
    private long? _foundAt;

    /// <summary>True if strays were found for the first time, long enough ago for the second comparison.</summary>
    public bool AwaitConfirmation => _foundAt is { } found && time.GetElapsedTime(found) >= Pause;

    /// <summary>Returns the strays that this full comparison and the previous one have found.</summary>
    public List<OwnerRef> Find(DesiredState desired, NorthboundView view)
    {
        var known = desired.Subjects.Keys.Select(owner => owner.Id).ToHashSet();
        var strays = view.Owners().Where(owner => !known.Contains(owner.Id)).ToHashSet();
        var confirmed = strays.Where(_previous.Contains).ToList();
        _foundAt = confirmed.Count < strays.Count ? time.GetTimestamp() : null;
        _previous = strays;
        return confirmed;
    }
}
