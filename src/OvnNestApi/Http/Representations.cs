using Microsoft.Net.Http.Headers;

namespace OvnNestApi.Http;

/// <summary>Media types that an operation can respond with, in order of preference. The default is JSON only.</summary>
internal sealed record Representations(params IReadOnlyList<string> MediaTypes)
{
    public const string Json = "application/json";

    public const string Yaml = "application/yaml";

    public const string Text = "text/plain";

    public const string Svg = "image/svg+xml";

    public const string EventStream = "text/event-stream";

    private static readonly Representations JsonOnly = new(Json);

    /// <summary>Returns the media types of the endpoint of the request.</summary>
    public static Representations Of(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<Representations>() ?? JsonOnly;

    /// <summary>
    /// Returns the media type that the client prefers (RFC 9110 §12.5.1), or the first if it sends no valid <c>Accept</c>; null if it
    /// accepts none.
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

    /// <summary>Returns the quality of the most specific range that matches; 0 if none matches.</summary>
    private static double Quality(IEnumerable<MediaTypeHeaderValue> ranges, string type) =>
        ranges
            .Select(range => (Range: range, Precision: Precision(range, type)))
            .Where(one => one.Precision > 0)
            .OrderByDescending(one => one.Precision)
            .Select(one => one.Range.Quality ?? 1)
            .FirstOrDefault();

    /// <summary>Returns 1 for */*, 2 for type/*, 3 for the exact type, 0 if the range does not match.</summary>
    private static int Precision(MediaTypeHeaderValue range, string type) =>
        range switch
        {
            { MatchesAllTypes: true } => 1,
            { MatchesAllSubTypes: true } when type.StartsWith($"{range.Type}/", StringComparison.OrdinalIgnoreCase) => 2,
            _ when range.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase) => 3,
            _ => 0,
        };
}

/// <summary>Response with an SVG drawing; caches must not store it. Its policy blocks scripts and external content.</summary>
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
