namespace OvnNestApi.Http;

/// <summary>What the OpenAPI document says of an operation.</summary>
internal static class Documentation
{
    /// <summary>Its operation id, a line, and what a user has to know.</summary>
    public static RouteHandlerBuilder Describe(this RouteHandlerBuilder endpoint, string id, string summary, string description) =>
        endpoint.WithName(id).WithSummary(summary).WithDescription(description);

    /// <summary>The body that the handler reads itself.</summary>
    public static RouteHandlerBuilder TakesBody<T>(this RouteHandlerBuilder endpoint, string mediaType, string example)
        where T : notnull => endpoint.Accepts<T>(mediaType).WithMetadata(new BodyExample(example));
}

/// <summary>A body as a client would send it.</summary>
internal sealed record BodyExample(string Json);
