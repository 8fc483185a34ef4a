namespace OvnNestApi.Http;

/// <summary>A query parameter that an operation supports.</summary>
/// <param name="Name">Name of the parameter.</param>
/// <param name="Description">Effect of the parameter, for the OpenAPI document.</param>
/// <param name="Type">JSON type: string, boolean or integer.</param>
internal sealed record QueryParameter(string Name, string Description, string Type = "string");

/// <summary>
/// All query parameters that an operation supports. Others are rejected, because an ignored filter would return everything.
/// </summary>
internal sealed record QueryParameters(IReadOnlyList<QueryParameter> All)
{
    /// <summary>Query parameters of every list.</summary>
    public static readonly IReadOnlyList<QueryParameter> OfLists =
    [
        new("limit", "Maximum number of items on the page, 1 to 1000 (default 100).", "integer"),
        new("cursor", "Position of the page: `next` from the previous page."),
        new("name", "Only resources whose name starts with this text."),
        new("label", "Only resources with all of these labels: a comma-separated list of key=value or key."),
        new("ready", "true: only resources that are ready; false: only resources that are not.", "boolean"),
        new("reason", "Only resources with this `status.reason`, such as HostPending."),
    ];

    /// <summary>Query parameters of a wait.</summary>
    public static readonly IReadOnlyList<QueryParameter> OfWaits =
    [
        new("for", "State to wait for: ready (default) or gone."),
        new("timeout", "Longest time to wait, such as 30s (default); maximum 60s."),
    ];
}
