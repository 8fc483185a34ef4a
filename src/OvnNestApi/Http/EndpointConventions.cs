using Microsoft.Net.Http.Headers;
using OvnNestApi.Problems;

namespace OvnNestApi.Http;

/// <summary>Conventions of all endpoints: HEAD in addition to GET, no unknown query parameters, 406 for <c>Accept</c>.</summary>
internal static class EndpointConventions
{
    private static readonly string[] ReadMethods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Maps GET and HEAD.</summary>
    public static RouteHandlerBuilder MapRead(this IEndpointRouteBuilder endpoints, string pattern, Delegate handler) =>
        endpoints.MapMethods(pattern, ReadMethods, handler).RequireAuthorization(Policies.Read);

    /// <summary>Declares all query parameters of the operation; other parameters are rejected.</summary>
    public static RouteHandlerBuilder Takes(this RouteHandlerBuilder endpoint, params IReadOnlyList<QueryParameter> parameters) =>
        endpoint.WithMetadata(new QueryParameters(parameters));

    /// <summary>Declares the media types of the response, in order of preference. The default is JSON only.</summary>
    public static RouteHandlerBuilder Offers(this RouteHandlerBuilder endpoint, params IReadOnlyList<string> mediaTypes) =>
        endpoint.WithMetadata(new Representations(mediaTypes));

    /// <summary>Endpoint filter: checks the query parameters and <c>Accept</c> before the operation runs.</summary>
    public static ValueTask<object?> CheckAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = invocation.HttpContext;
        var known = context.GetEndpoint()?.Metadata.GetMetadata<QueryParameters>();
        if (known is not null && CheckQuery(known, context.Request.Query) is { } problem)
        {
            return Reject(problem);
        }

        var representations = Representations.Of(context);
        if (representations.MediaTypes.Count > 1)
        {
            context.Response.Headers.Vary = HeaderNames.Accept;
        }

        return representations.Choose(context.Request) is not null
            ? next(invocation)
            : Reject(
                Problem.NotAcceptable($"The response is {string.Join(" or ", representations.MediaTypes)}. Change the header Accept.")
            );
    }

    private static Problem? CheckQuery(QueryParameters known, IQueryCollection query)
    {
        foreach (var (name, values) in query)
        {
            if (!known.All.Any(parameter => parameter.Name == name))
            {
                var names = known.All.Count == 0 ? "none" : string.Join(", ", known.All.Select(parameter => parameter.Name));
                return Problem.UnknownParameter(
                    $"The query contains a parameter that this operation does not support. Supported parameters: {names}."
                );
            }

            if (values.Count > 1)
            {
                return Problem.UnknownParameter($"The query contains {name} more than once.");
            }

            if (values.ToString().Any(char.IsControl))
            {
                return Problem.InvalidParameter($"The value of {name} contains a control character.");
            }
        }

        return null;
    }

    private static ValueTask<object?> Reject(Problem problem) => ValueTask.FromResult<object?>(new ProblemResult(problem));
}
