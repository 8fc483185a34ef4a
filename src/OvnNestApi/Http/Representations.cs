using Microsoft.Net.Http.Headers;

namespace OvnNestApi.Http;

/// <summary>The media types that an operation can answer with, the one it prefers first. Where nothing is said it is JSON alone.</summary>
internal sealed record Representations(params IReadOnlyList<string> MediaTypes)
{
    public const string Json = "application/json";

    public const string Svg = "image/svg+xml";

    private static readonly Representations JsonAlone = new(Json);

    /// <summary>Those of the request's endpoint.</summary>
    public static Representations Of(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<Representations>() ?? JsonAlone;

    /// <summary>
    /// The one that the client likes most (RFC 9110 §12.5.1); null: it admits none. Without <c>Accept</c> everything is welcome.
    /// </summary>
    public string? Choose(HttpRequest request)
    {
        if (request.Headers.Accept.Count == 0 || !MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var ranges))
        {
            return MediaTypes[0];
        }

        var (best, type) = MediaTypes.Select(type => (Quality(ranges, type), type)).MaxBy(one => one.Item1);
        return best > 0 ? type : null;
    }

    /// <summary>Of the ranges that fit the most specific one counts.</summary>
    private static double Quality(IEnumerable<MediaTypeHeaderValue> ranges, string type) =>
        ranges
            .Select(range =>
                (
                    Range: range,
                    Precision: range.MatchesAllTypes ? 1
                    : range.MatchesAllSubTypes && type.StartsWith($"{range.Type}/", StringComparison.OrdinalIgnoreCase) ? 2
                    : range.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase) ? 3
                    : 0
                )
            )
            .Where(one => one.Precision > 0)
            .OrderByDescending(one => one.Precision)
            .Select(one => one.Range.Quality ?? 1)
            .FirstOrDefault();
}

/// <summary>Answers with a drawing, never cached. It may be looked at, but not act: nothing in it is loaded or run.</summary>
public sealed class SvgResult(string drawing) : IResult, IStatusCodeHttpResult
{
    /// <inheritdoc/>
    public int? StatusCode => StatusCodes.Status200OK;

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var body = System.Text.Encoding.UTF8.GetBytes(drawing);
        response.ContentType = Representations.Svg;
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
        return HttpMethods.IsHead(httpContext.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(body, httpContext.RequestAborted).AsTask();
    }
}
