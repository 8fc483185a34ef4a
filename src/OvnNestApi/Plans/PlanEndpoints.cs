using OvnNestApi.Http;
using OvnNestApi.Schema;

namespace OvnNestApi.Plans;

/// <summary>The plan of everything. The plans of single resources are among the operations of their kinds.</summary>
internal static class PlanEndpoints
{
    public const string Description =
        "As JSON, or with `Accept: text/plain` as the lines with `ovn-nbctl`, `ovs-vsctl` and `ip` that a person would type. Nothing is "
        + "changed. It is empty if everything is in place.";

    public static void MapPlan(this IEndpointRouteBuilder api) =>
        api.MapRead("/plan", GetAsync)
            .WithTags("Plan")
            .Offers(Representations.Json, Representations.Text)
            .Takes(PlanScope.Parameters)
            .Produces<PlanView>()
            .Describe(
                "get-plan",
                "Read what the service would do next",
                "Returns what the next pass of the reconciler and the agents would do, including resources that are being deleted and "
                    + $"drift that is not repaired yet. {Description}"
            );

    internal static async Task<Reply<PlanResult>> GetAsync(
        HttpContext context,
        NestDb db,
        Planner planner,
        CancellationToken cancellationToken
    )
    {
        var query = new Query(context.Request);
        var scope = PlanScope.Of(query, ids: null);
        if (query.Problem is { } problem || !(await planner.OfAllAsync(db, scope, cancellationToken)).TryGet(out var plan, out problem))
        {
            return problem;
        }

        return new PlanResult(plan);
    }
}
