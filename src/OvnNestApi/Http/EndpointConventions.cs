using Microsoft.Net.Http.Headers;
using OvnNestApi.Problems;

namespace OvnNestApi.Http;

/// <summary>What endpoints have in common: HEAD beside GET, no unknown query parameters, and the JSON that we have or 406.</summary>
internal static class EndpointConventions
{
    private static readonly string[] ReadMethods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>GET and HEAD.</summary>
    public static RouteHandlerBuilder MapRead(this IEndpointRouteBuilder endpoints, string pattern, Delegate handler) =>
        endpoints.MapMethods(pattern, ReadMethods, handler).RequireAuthorization(Policies.Read);

    /// <summary>These query parameters and no others.</summary>
    public static RouteHandlerBuilder Takes(this RouteHandlerBuilder endpoint, params IReadOnlyList<QueryParameter> parameters) =>
        endpoint.WithMetadata(new QueryParameters(parameters));

    /// <summary>These representations in place of JSON alone; the first is the preferred one.</summary>
    public static RouteHandlerBuilder Offers(this RouteHandlerBuilder endpoint, params IReadOnlyList<string> mediaTypes) =>
        endpoint.WithMetadata(new Representations(mediaTypes));

    /// <summary>Checks what every operation of the API has to check, before it runs.</summary>
    public static ValueTask<object?> CheckAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = invocation.HttpContext;
        var known = context.GetEndpoint()?.Metadata.GetMetadata<QueryParameters>();
        if (known is not null && CheckQuery(known, context.Request.Query) is { } wrong)
        {
            return Refuse(wrong);
        }

        var representations = Representations.Of(context);
        if (representations.MediaTypes.Count > 1)
        {
            context.Response.Headers.Vary = HeaderNames.Accept;
        }

        return representations.Choose(context.Request) is not null
            ? next(invocation)
            : Refuse(Problem.NotAcceptable($"The answer is {string.Join(" or ", representations.MediaTypes)}."));
    }

    private static Problem? CheckQuery(QueryParameters known, IQueryCollection query)
    {
        foreach (var (name, values) in query)
        {
            if (!known.All.Any(parameter => parameter.Name == name))
            {
                var names = known.All.Count == 0 ? "none" : string.Join(", ", known.All.Select(parameter => parameter.Name));
                return Problem.UnknownParameter($"The query has a parameter that this operation does not know. It knows: {names}.");
            }

            if (values.Count > 1)
            {
                return Problem.UnknownParameter($"{name} is in the query more than once.");
            }

            if (values.ToString().Any(char.IsControl))
            {
                return Problem.UnknownParameter($"{name} has a control character.");
            }
        }

        return null;
    }

    private static ValueTask<object?> Refuse(Problem problem) => ValueTask.FromResult<object?>(new ProblemResult(problem));
}
