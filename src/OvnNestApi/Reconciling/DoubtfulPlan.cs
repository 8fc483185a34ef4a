using OvnNestApi.Northbound;

namespace OvnNestApi.Reconciling;

/// <summary>The plan of a resource that deletes or changes rows without a request through the API.</summary>
/// <param name="Vm">Name of the container's VM; null for other kinds, and if it is not known.</param>
/// <param name="Name">Name of the resource; of a stray, the name of its row.</param>
internal sealed record DoubtfulPlan(ResourcePlan Plan, string? Vm, string Name)
{
    private const int MaxChanges = 3;

    public OwnerRef Owner => Plan.Owner;

    /// <summary>What would be done to the rows, as a sentence.</summary>
    public string Message
    {
        get
        {
            var changes = string.Join("; ", Plan.Doubts.Take(MaxChanges).Select(doubt => doubt.Change));
            var more = Plan.Doubts.Count > MaxChanges ? $"; and {Plan.Doubts.Count - MaxChanges} more" : "";
            return $"The safety brake withholds a change that was not requested: {changes}{more}.";
        }
    }

    /// <summary>True if none of the rows exists any more.</summary>
    public bool IsSettled(NorthboundView view) => Plan.Doubts.All(doubt => view.Find(doubt.Row) is null);

    public static DoubtfulPlan Of(ResourcePlan plan, DesiredState desired, NorthboundView view) =>
        desired.Resources.GetValueOrDefault(plan.Owner.Id) switch
        {
            DesiredPort { VmId: { } vm } container => new(plan, desired.Resources[vm].Name, container.Name),
            { } resource => new(plan, null, resource.Name),
            null => new(plan, null, view.NameOf(plan.Doubts[0].Row) ?? plan.Owner.Id.ToString()),
        };
}
