using System.Security.Cryptography;
using System.Text;

namespace OvnNestApi.Reconciling;

/// <summary>Changes that the safety brake withholds, because they are many and no request through the API has caused them.</summary>
/// <param name="Id">Value to send as <c>spec.releaseBrake</c> to carry out exactly these changes.</param>
/// <param name="Message">Why they are withheld.</param>
/// <param name="Removals">Number of rows that would be deleted.</param>
/// <param name="Rewrites">Number of rows that would be changed.</param>
/// <param name="ResourceCount">Number of resources concerned.</param>
/// <param name="Resources">The first 100 of these resources, by kind and name.</param>
internal sealed record BrakeView(
    string Id,
    string Message,
    int Removals,
    int Rewrites,
    int ResourceCount,
    IReadOnlyList<BrakedResource> Resources
)
{
    private const int MaxResources = 100;

    /// <summary>Describes withheld plans.</summary>
    /// <param name="salt">Text that makes the id differ from the ids with another text; null for none.</param>
    public static BrakeView Of(IReadOnlyCollection<DoubtfulPlan> plans, string message, string? salt)
    {
        var doubts = plans.SelectMany(plan => plan.Plan.Doubts).ToList();
        var changes = doubts.Select(doubt => $"{doubt.Row.Table} {doubt.Row.Uuid} {doubt.Change}").Order(StringComparer.Ordinal);
        var removals = doubts.Count(doubt => doubt.IsRemoval);
        return new(
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', changes.Prepend(salt)))))[..16],
            message,
            removals,
            doubts.Count - removals,
            plans.Count,
            [
                .. plans
                    .OrderBy(plan => plan.Owner.Kind)
                    .ThenBy(plan => plan.Vm, StringComparer.Ordinal)
                    .ThenBy(plan => plan.Name, StringComparer.Ordinal)
                    .Take(MaxResources)
                    .Select(plan => new BrakedResource(
                        plan.Owner.Kind.ToString().ToLowerInvariant(),
                        plan.Vm,
                        plan.Name,
                        string.Join("; ", plan.Plan.Doubts.Select(doubt => doubt.Change))
                    )),
            ]
        );
    }
}

/// <summary>A resource whose change the safety brake withholds.</summary>
/// <param name="Kind">Kind of the resource.</param>
/// <param name="Vm">Name of the VM of a container; null for other kinds, and if the resource is not known.</param>
/// <param name="Name">Name of the resource; if it is not known, the name of its row in the northbound database.</param>
/// <param name="Message">What would be done to its rows.</param>
internal sealed record BrakedResource(string Kind, string? Vm, string Name, string Message);
