namespace OvnNestApi.Http;

/// <summary>A query parameter of an operation, as it is documented and checked.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does.</param>
/// <param name="Type">Its JSON type: string, boolean or integer.</param>
internal sealed record QueryParameter(string Name, string Description, string Type = "string");

/// <summary>All query parameters that an operation knows; others are refused.</summary>
internal sealed record QueryParameters(IReadOnlyList<QueryParameter> All)
{
    /// <summary>What every list knows.</summary>
    public static readonly IReadOnlyList<QueryParameter> OfLists =
    [
        new("limit", "Items of a page, 1 to 1000 (default 100).", "integer"),
        new("cursor", "The page after: `next` of the page before."),
        new("label", "Only what bears all of these labels: key=value, or key, several with commas between."),
        new("ready", "Only what is ready, or is not.", "boolean"),
        new("reason", "Only what has this reason, such as HostPending."),
    ];

    /// <summary>What a wait knows.</summary>
    public static readonly IReadOnlyList<QueryParameter> OfWaits =
    [
        new("for", "ready (default) or gone."),
        new("timeout", "How long at most, such as 30s (default), at most 60s."),
    ];
}
