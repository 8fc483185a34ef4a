using System.Net;
using System.Reflection;
using System.Text;
using OvnNestApi.Http;
using OvnNestApi.Problems;

namespace OvnNestApi.Service;

/// <summary>Version and limits of the service, and the pages that explain problems.</summary>
internal static class ServiceEndpoints
{
    private static readonly string Version = typeof(ServiceEndpoints)
        .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
        ?.InformationalVersion.Split('+')[0]
        ?? "0";

    private const string Style = "body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}";

    public static void MapService(this IEndpointRouteBuilder api)
    {
        api.MapRead("/", About)
            .WithTags("Service")
            .Takes()
            .Describe(
                "get-service",
                "Read version, features and limits",
                "Returns the version, the features and the limits of this service."
            );
    }

    /// <summary>Maps the pages to which the <c>type</c> of problems refers.</summary>
    public static void MapProblemPages(this IEndpointRouteBuilder endpoints)
    {
        endpoints
            .MapMethods("/problems", [HttpMethods.Get, HttpMethods.Head], () => Page("Problems", List()))
            .AllowAnonymous()
            .ExcludeFromDescription();
        endpoints
            .MapMethods("/problems/{code}", [HttpMethods.Get, HttpMethods.Head], (string code) =>
                ProblemCatalogue.ByCode.TryGetValue(code, out var kind)
                    ? Page(kind.Title, Explain(kind))
                    : new ProblemResult(Problem.NotFound("No problem has this code."))
            )
            .AllowAnonymous()
            .ExcludeFromDescription();
    }

    internal static JsonResult<AboutView> About() =>
        new(
            new(
                "OvnNestApi",
                Version,
                Features.All,
                new(HttpLimits.Body, ApiJson.MaxDepth, (int)HttpLimits.Wait.TotalSeconds, HttpLimits.DefaultPage, HttpLimits.Page)
            )
        );

    private static IResult Page(string title, string body) =>
        Results.Text(
            $"""
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><title>{Text(title)}</title><style>{Style}</style></head>
            <body>
            <h1>{Text(title)}</h1>
            {body}
            </body>
            </html>
            """,
            "text/html",
            Encoding.UTF8
        );

    private static string Explain(ProblemKind kind) =>
        $"""
            <p><code>{kind.Code}</code>, HTTP status {kind.Status}{(kind.Retryable ? ", may succeed later without a change" : "")}.</p>
            <p>{Text(kind.Explanation)}</p>
            <p><a href="/problems">All problems</a></p>
            """;

    private static string List() => $"<ul>{string.Concat(ProblemCatalogue.All.Select(Item))}</ul>";

    private static string Item(ProblemKind kind) =>
        $"""<li>{kind.Status} <a href="/problems/{kind.Code}">{kind.Code}</a>: {Text(kind.Title)}</li>""";

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}

/// <summary>Version, features and limits of the service.</summary>
/// <param name="Name">Always <c>OvnNestApi</c>.</param>
/// <param name="Version">Version of the program.</param>
/// <param name="Features">One word for every addition to the API, oldest first; a word is never removed.</param>
/// <param name="Limits">Limits of requests and responses.</param>
public sealed record AboutView(string Name, string Version, IReadOnlyList<string> Features, LimitsView Limits);

/// <summary>Limits of requests and responses.</summary>
/// <param name="BodyBytes">Maximum size of a request body in bytes.</param>
/// <param name="JsonDepth">Maximum nesting of a request body.</param>
/// <param name="WaitSeconds">Longest time in seconds that a response is held.</param>
/// <param name="DefaultPage">Number of items on a page without <c>limit</c>.</param>
/// <param name="LargestPage">Maximum number of items on a page.</param>
public sealed record LimitsView(int BodyBytes, int JsonDepth, int WaitSeconds, int DefaultPage, int LargestPage);
