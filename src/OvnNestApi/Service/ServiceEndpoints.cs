using System.Net;
using System.Reflection;
using System.Text;
using OvnNestApi.Http;
using OvnNestApi.Problems;

namespace OvnNestApi.Service;

/// <summary>What the service says of itself.</summary>
internal static class ServiceEndpoints
{
    private static readonly string Version = typeof(ServiceEndpoints)
        .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
        ?.InformationalVersion.Split('+')[0]
        ?? "0";

    public static void MapService(this IEndpointRouteBuilder api)
    {
        api.MapRead("/", About)
            .WithTags("Service")
            .Takes()
            .Describe("get-service", "Tell what the service can do", "Version, features and limits.");
    }

    /// <summary>The pages that a problem's <c>type</c> leads to.</summary>
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
                    : new ProblemResult(Problem.NotFound("There is no problem of this code."))
            )
            .AllowAnonymous()
            .ExcludeFromDescription();
    }

    internal static JsonResult<AboutView> About() =>
        new(
            new(
                "OvnNestApi",
                Version,
                ["networks", "routers", "hosts", "vms", "containers", "vlan-leases", "changes", "api-keys"],
                new(HttpLimits.Body, ApiJson.MaxDepth, (int)HttpLimits.Wait.TotalSeconds, HttpLimits.DefaultPage, HttpLimits.Page)
            )
        );

    private static IResult Page(string title, string body) =>
        Results.Text(
            $"""
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><title>{Text(
                title
            )}</title><style>body{"{"}font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem{"}"}</style></head>
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

    private static string List() =>
        $"<ul>{string.Concat(ProblemCatalogue.All.Select(kind => $"<li>{kind.Status} <a href=\"/problems/{kind.Code}\">{kind.Code}</a>: {Text(kind.Title)}</li>"))}</ul>";

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}

/// <summary>What the service is.</summary>
/// <param name="Name">OvnNestApi.</param>
/// <param name="Version">The program's version.</param>
/// <param name="Features">What this version offers.</param>
/// <param name="Limits">What a request may be.</param>
public sealed record AboutView(string Name, string Version, IReadOnlyList<string> Features, LimitsView Limits);

/// <summary>What a request may be.</summary>
/// <param name="BodyBytes">Bytes of a body.</param>
/// <param name="JsonDepth">Nesting of a body.</param>
/// <param name="WaitSeconds">The longest that an answer is held.</param>
/// <param name="DefaultPage">Items of a page, if not asked.</param>
/// <param name="LargestPage">Items of a page at most.</param>
public sealed record LimitsView(int BodyBytes, int JsonDepth, int WaitSeconds, int DefaultPage, int LargestPage);
