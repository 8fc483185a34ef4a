using OvnNestApi.Northbound;

namespace OvnNestApi.Reconciling;

/// <summary>
/// Strays: owners named by the marks of rows that belong to no known resource. Their rows are removed after two consecutive full
/// comparisons have found them.
/// </summary>
internal sealed class Strays
{
    private HashSet<OwnerRef> _previous = [];

    /// <summary>Returns the strays that this full comparison and the previous one have found.</summary>
    public List<OwnerRef> Find(DesiredState desired, NorthboundView view)
    {
        var known = desired.Subjects.Keys.Select(owner => owner.Id).ToHashSet();
        var strays = view.Owners().Where(owner => !known.Contains(owner.Id)).ToHashSet();
        var confirmed = strays.Where(_previous.Contains).ToList();
        _previous = strays;
        return confirmed;
    }
}
