using System.Globalization;
using OvnNestApi.Northbound;

namespace OvnNestApi.Reconciling;

/// <summary>
/// Limits of what is done to existing rows without a request through the API: at most 50 rows are deleted, at most 10 % of 5 or more rows,
/// and not all rows of a kind; at most 50 rows are changed, and at most 30 % of 10 or more rows.
/// </summary>
/// <param name="ForbidRemovals">True if too many rows would be deleted.</param>
/// <param name="ForbidRewrites">True if too many rows would be changed.</param>
/// <param name="Message">What is too much, as a sentence.</param>
internal readonly record struct BrakeLimits(bool ForbidRemovals, bool ForbidRewrites, string Message)
{
    private const int MaxRows = 50;
    private const int MaxRemovedPercent = 10;
    private const int MinRowsForRemovedPercent = 5;
    private const int MaxRewrittenPercent = 30;
    private const int MinRowsForRewrittenPercent = 10;

    /// <summary>If fewer rows are changed, no number of rows makes that too much, so they do not have to be counted.</summary>
    private const int AlwaysRewritten = MinRowsForRewrittenPercent * MaxRewrittenPercent / 100;

    /// <summary>Compares these plans, together with recent repairs, with the limits.</summary>
    /// <param name="isCounted">Returns false for a change that is released.</param>
    /// <param name="view">The NB with all rows that have our owner mark.</param>
    public static BrakeLimits Of(IReadOnlyList<DoubtfulPlan> plans, Func<Doubt, bool> isCounted, RecentRepairs recent, NorthboundView view)
    {
        var doubts = plans.SelectMany(plan => plan.Plan.Doubts).Where(isCounted).ToList();
        var rows = doubts.Select(doubt => doubt.Row).ToHashSet();
        var removed = doubts.Count(doubt => doubt.IsRemoval);
        var rewritten = doubts.Count - removed;
        var (removedBefore, rewrittenBefore) = (recent.CountOthers(rows, isRemoval: true), recent.CountOthers(rows, isRemoval: false));
        if (removed == 0 && rewritten + rewrittenBefore <= AlwaysRewritten)
        {
            return new(false, false, "");
        }

        var all = view.Count();
        var vanishing = removed == 0 ? null : VanishingKind(plans, view);
        var (removals, rewrites) = (removed + removedBefore, rewritten + rewrittenBefore);
        return Create(
            removed > 0 && (vanishing is not null || Exceeds(removals, all + removedBefore, MaxRemovedPercent, MinRowsForRemovedPercent)),
            rewritten > 0 && Exceeds(rewrites, all + removedBefore, MaxRewrittenPercent, MinRowsForRewrittenPercent),
            $"{removed} of {all} rows would be deleted{Before(removedBefore)}"
                + (vanishing is null ? "" : $", among them all rows of kind {vanishing}"),
            $"{rewritten} of {all} rows would be changed{Before(rewrittenBefore)}"
        );
    }

    /// <summary>Returns whether the change exceeds the limits, together with the other changes.</summary>
    public bool Forbid(Doubt doubt) => doubt.IsRemoval ? ForbidRemovals : ForbidRewrites;

    private static BrakeLimits Create(bool forbidRemovals, bool forbidRewrites, string removals, string rewrites)
    {
        (bool IsForbidden, string Text)[] parts = [(forbidRemovals, removals), (forbidRewrites, rewrites)];
        var forbidden = string.Join(", and ", parts.Where(part => part.IsForbidden).Select(part => part.Text));
        return new(forbidRemovals, forbidRewrites, $"{forbidden}, without a request through the API.");
    }

    private static bool Exceeds(int count, int all, int maxPercent, int minRows) =>
        count > MaxRows || (all >= minRows && count * 100 > all * maxPercent);

    private static string Before(int count) =>
        count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" in addition to {count} within the last minute");

    /// <summary>Returns a kind of which the plans would delete all resources; null if there is none.</summary>
    private static OwnerKind? VanishingKind(IReadOnlyList<DoubtfulPlan> plans, NorthboundView view)
    {
        var owners = view.Owners();
        return plans
            .Where(plan => !plan.Plan.HasRows)
            .GroupBy(plan => plan.Owner.Kind)
            .Where(kind => owners.Count(owner => owner.Kind == kind.Key) <= kind.Count())
            .Select(kind => (OwnerKind?)kind.Key)
            .FirstOrDefault();
    }
}
