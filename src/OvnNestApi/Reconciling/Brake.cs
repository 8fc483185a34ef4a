using OvnNestApi.Northbound;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>
/// The safety brake. If too many rows would be deleted or changed without a request through the API, for example after an old backup of
/// PostgreSQL was restored, it withholds the plans of these resources until an admin releases exactly them. It counts over all passes: what
/// earlier passes have withheld, and what they have repaired within the last minute.
/// </summary>
internal sealed class Brake(TimeProvider time)
{
    private readonly Dictionary<OwnerRef, DoubtfulPlan> _withheld = [];
    private readonly RecentRepairs _recent = new(time);

    /// <summary>Changes that an admin has released and that are not carried out yet.</summary>
    private readonly HashSet<Doubt> _released = [];

    private string? _lastRelease;
    private bool _hasFreed;
    private bool _waitsForRecent;

    /// <summary>What is withheld; null if nothing is.</summary>
    public BrakeView? State { get; private set; }

    /// <summary>Id of the last release, if all that it stands for is carried out; otherwise null.</summary>
    public string? UsedRelease => _released.Count == 0 ? _lastRelease : null;

    /// <summary>True if plans that were withheld no longer exceed the limits. A full comparison carries them out.</summary>
    public bool HasEased => _hasFreed || (_waitsForRecent && _recent.Count == 0);

    /// <summary>
    /// Returns the resources of a pass whose plans must not be carried out, or cannot be while other plans are withheld, each with the
    /// reason.
    /// </summary>
    /// <param name="view">The NB with all rows that have our owner mark.</param>
    /// <param name="isFull">True if the pass compared all resources.</param>
    /// <param name="term">The term, with the id that an admin has released.</param>
    public IReadOnlyDictionary<OwnerRef, Obstacle> Evaluate(PassPlan pass, NorthboundView view, bool isFull, Term term)
    {
        _lastRelease ??= term.UsedRelease;
        if (isFull)
        {
            _released.IntersectWith(pass.Plans.SelectMany(plan => plan.Doubts));
        }

        var doubtful = pass
            .Plans.Where(plan => plan.Doubts.Any(IsCounted))
            .Select(plan => DoubtfulPlan.Of(plan, pass.Desired, view))
            .ToList();
        var settled = _withheld.Values.Where(plan => plan.IsSettled(view)).Select(plan => plan.Owner).ToHashSet();
        if (isFull || doubtful.Count > 0 || settled.Count > 0 || pass.Plans.Any(plan => _withheld.ContainsKey(plan.Owner)))
        {
            var planned = pass.Plans.Select(plan => plan.Owner).Union(settled).ToHashSet();
            Withhold([.. _withheld.Values.Where(plan => !isFull && !planned.Contains(plan.Owner))], doubtful, view, term.ReleasedBrake);
            // What needed the name or tag of a row that is gone can be written now.
            _hasFreed |= !isFull && settled.Count > 0;
        }

        return Obstacles(pass, doubtful, view);
    }

    /// <summary>Counts the plans that were carried out.</summary>
    public void AddRepairs(IEnumerable<ResourcePlan> plans)
    {
        foreach (var doubt in plans.SelectMany(plan => plan.Doubts).Where(doubt => !_released.Remove(doubt)))
        {
            _recent.Add(doubt);
        }
    }

    private Dictionary<OwnerRef, Obstacle> Obstacles(PassPlan pass, List<DoubtfulPlan> doubtful, NorthboundView view)
    {
        var obstacles = doubtful
            .Where(plan => _withheld.ContainsKey(plan.Owner))
            .ToDictionary(plan => plan.Owner, plan => new Obstacle(Reason.Braked, plan.Message));
        if (State is { } state)
        {
            foreach (var (owner, obstacle) in Collisions.Find(pass, _withheld.Values, view, state.Id))
            {
                obstacles.TryAdd(owner, obstacle);
            }
        }

        return obstacles;
    }

    private void Withhold(List<DoubtfulPlan> earlier, List<DoubtfulPlan> doubtful, NorthboundView view, string? release)
    {
        List<DoubtfulPlan> all = [.. earlier, .. doubtful];
        var limits = BrakeLimits.Of(all, IsCounted, _recent, view);
        var withheld = all.FindAll(plan => plan.Plan.Doubts.Any(doubt => IsCounted(doubt) && limits.Forbid(doubt)));

        // The id differs from the one that was released last, so that a release is valid once.
        var state = withheld.Count == 0 ? null : BrakeView.Of(withheld, limits.Message, _lastRelease);
        if (state is not null && state.Id == release)
        {
            _released.UnionWith(withheld.SelectMany(plan => plan.Plan.Doubts));
            (_lastRelease, withheld, state) = (release, [], null);
        }

        _withheld.Clear();
        withheld.ForEach(plan => _withheld.Add(plan.Owner, plan));
        _hasFreed = earlier.Exists(plan => !_withheld.ContainsKey(plan.Owner));
        _waitsForRecent = withheld.Count > 0 && _recent.Count > 0;
        State = state;
    }

    private bool IsCounted(Doubt doubt) => !_released.Contains(doubt);
}
