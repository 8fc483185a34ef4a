using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OvnNestApi.Northbound;

namespace OvnNestApi.Reconciling;

/// <summary>
/// The safety brake. It stops a pass that would delete too many rows without a request through the API, for example after an old backup of
/// PostgreSQL was restored.
/// </summary>
/// <param name="Id">Hash of the rows to delete. An admin who sends it releases exactly this plan.</param>
/// <param name="Message">What the plan would delete, as a sentence.</param>
internal readonly record struct Brake(string Id, string Message)
{
    private const int MaxRows = 50;
    private const int MaxPercent = 10;

    /// <summary>If the NB has fewer rows than this, the percentage is not checked.</summary>
    private const int MinRowsForPercent = 5;

    /// <summary>Returns the brake for these plans; null if they can be carried out.</summary>
    /// <param name="view">The NB with all rows that have our owner mark.</param>
    public static Brake? For(IReadOnlyList<ResourcePlan> plans, NorthboundView view)
    {
        var braked = plans.Where(plan => plan.UnrequestedRemovals > 0).ToList();
        if (braked.Count == 0)
        {
            return null;
        }

        var (count, all) = (braked.Sum(plan => plan.UnrequestedRemovals), view.Count());
        var vanishing = VanishingKind(braked, view);
        if (count <= MaxRows && (all < MinRowsForPercent || count * 100 <= all * MaxPercent) && vanishing is null)
        {
            return null;
        }

        var which = vanishing is null ? "" : $", among them all rows of kind {vanishing}";
        return new(
            Hash(braked),
            string.Create(CultureInfo.InvariantCulture, $"{count} of {all} rows would be deleted without a request through the API{which}.")
        );
    }

    /// <summary>Returns a kind of which the plans would delete all resources; null if there is none.</summary>
    private static OwnerKind? VanishingKind(List<ResourcePlan> plans, NorthboundView view)
    {
        var owners = view.Owners();
        return plans
            .Where(plan => !plan.HasRows)
            .GroupBy(plan => plan.Owner.Kind)
            .Where(kind => owners.Count(owner => owner.Kind == kind.Key) <= kind.Count())
            .Select(kind => (OwnerKind?)kind.Key)
            .FirstOrDefault();
    }

    private static string Hash(List<ResourcePlan> plans)
    {
        var rows = plans.SelectMany(plan => plan.Removed).Select(row => $"{row.Table} {row.Uuid}").Order(StringComparer.Ordinal);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', rows))))[..16];
    }
}
