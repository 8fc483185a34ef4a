namespace OvnNestApi.Http;

/// <summary>Texts and bodies of an operation in the OpenAPI document.</summary>
internal static class Documentation
{
    /// <summary>Sets the operation id, the summary (one line) and the description.</summary>
    public static RouteHandlerBuilder Describe(this RouteHandlerBuilder endpoint, string id, string summary, string description) =>
        endpoint.WithName(id).WithSummary(summary).WithDescription(description);

    /// <summary>Declares a request header.</summary>
    public static RouteHandlerBuilder TakesHeader(this RouteHandlerBuilder endpoint, string name, string description) =>
        endpoint.WithMetadata(new RequestHeader(name, description));

    /// <summary>Declares the body of an operation whose handler reads the body itself.</summary>
    /// <param name="example">Example of the body, as JSON.</param>
    public static RouteHandlerBuilder TakesBody<T>(
        this RouteHandlerBuilder endpoint,
        string mediaType,
        string example,
        params string[] otherMediaTypes
    )
        where T : notnull => endpoint.Accepts<T>(mediaType, otherMediaTypes).WithMetadata(new BodyExample(example));

    /// <summary>Declares that the operation takes <c>If-Match</c> and, with a body, <c>If-None-Match</c>.</summary>
    public static RouteHandlerBuilder TakesConditions(this RouteHandlerBuilder endpoint) => endpoint.WithMetadata(new TakesConditions());

    /// <summary>Declares that a response with any of the success statuses can have any of their bodies.</summary>
    public static RouteHandlerBuilder RespondsWithAnyBody(this RouteHandlerBuilder endpoint) =>
        endpoint.WithMetadata(new RespondsWithAnyBody());
}

/// <summary>A request header that an operation supports, for the OpenAPI document.</summary>
internal sealed record RequestHeader(string Name, string Description);

/// <summary>Example of a body, for the OpenAPI document.</summary>
internal sealed record BodyExample(string Json);

/// <summary>The operation takes preconditions, see <see cref="Conditional"/>.</summary>
internal sealed record TakesConditions;

/// <summary>A response with any of the success statuses can have any of their bodies.</summary>
internal sealed record RespondsWithAnyBody;
