using OvnNestApi.Http;

namespace OvnNestApi.Plans;

/// <summary>What a plan is about.</summary>
/// <param name="Ids">Ids of the resources, of any kinds; null for all. A host stands for what it must have.</param>
/// <param name="Limit">Maximum number of resources that the plan shows, separately in the northbound database and on hosts.</param>
/// <param name="IsBlank">True to plan as if none of our rows existed and nothing was on the hosts.</param>
internal sealed record PlanScope(Guid[]? Ids, int Limit = HttpLimits.DefaultPage, bool IsBlank = false)
{
    /// <summary>Query parameters of all plans.</summary>
    public static readonly IReadOnlyList<QueryParameter> Parameters =
    [
        new("limit", "Maximum number of resources that the plan shows, 1 to 1000 (default 100).", "integer"),
        new(
            "from",
            "State to start from: now (default), or empty, as if neither the northbound database nor the hosts had anything of this "
                + "service."
        ),
    ];

    /// <summary>Reads the query parameters. Check the problem of the query.</summary>
    public static PlanScope Of(Query query, Guid[]? ids) =>
        new(ids, query.Number("limit", 1, HttpLimits.Page, HttpLimits.DefaultPage), query.OneOf("from", "now", "empty") == "empty");
}
