using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OvnNestApi.Northbound;

namespace OvnNestApi.Reconciling;

/// <summary>
/// Why a plan is not carried out: it would remove too much that nobody asked to go. A restored old database must not wipe a cloud. Pure.
/// </summary>
/// <param name="Id">The removals as a hash: what an admin releases is this very plan.</param>
/// <param name="Message">What it would remove, in a sentence.</param>
internal readonly record struct Brake(string Id, string Message)
{
    private const int Rows = 50;
    private const int FewestRows = 5;
    private const int Percent = 10;

    /// <summary>The brake for these plans; null: none.</summary>
    /// <param name="plans">What is to be done.</param>
    /// <param name="view">The NB, with all rows of ours.</param>
    public static Brake? For(IReadOnlyList<ResourcePlan> plans, NorthboundView view)
    {
        var going = plans.Where(plan => plan.Unasked > 0).ToList();
        if (going.Count == 0)
        {
            return null;
        }

        var (count, all, owners) = (going.Sum(plan => plan.Unasked), view.Count(), view.Owners());
        var kind = going
            .Where(plan => !plan.Creates)
            .GroupBy(plan => plan.Object.Kind)
            .Where(kind => owners.Count(owner => owner.Kind == kind.Key) <= kind.Count())
            .Select(kind => (OwnerKind?)kind.Key)
            .FirstOrDefault();
        if (count <= Rows && (all < FewestRows || count * 100 <= all * Percent) && kind is null)
        {
            return null;
        }

        var text = string.Join(
            '\n',
            going.SelectMany(plan => plan.Removed).Select(row => $"{row.Table} {row.Uuid}").Order(StringComparer.Ordinal)
        );
        return new(
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16],
            string.Create(
                CultureInfo.InvariantCulture,
                $"{count} of {all} rows would be removed though nobody asked for that{(kind is null ? "" : $", all of kind {kind}")}."
            )
        );
    }
}
