using System.Text.Json;
using System.Text.Unicode;
using OvnNestApi.Problems;

namespace OvnNestApi.Http;

/// <summary>Reads the body of a request. A problem lists all errors of the body, each with its JSON pointer.</summary>
internal static class JsonBody
{
    public const string Json = "application/json";

    public const string MergePatch = "application/merge-patch+json";

    public const string WantsJson =
        "Send the body with Content-Type: application/json, with curl: curl --json '{…}'. A manifest can also be application/yaml.";

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = ApiJson.MaxDepth };

    /// <summary>Returns the body as one JSON value.</summary>
    public static async Task<Answer<JsonElement>> ReadAsync(HttpRequest request, string mediaType, CancellationToken cancellationToken)
    {
        if (!IsOf(request, mediaType))
        {
            return Problem.UnsupportedMediaType(
                mediaType == Json ? WantsJson : $"Send the patch with Content-Type: {mediaType} (RFC 7396)."
            );
        }

        return (await ReadBytesAsync(request, HttpLimits.Body, cancellationToken)).TryGet(out var utf8, out var problem)
            ? Parse(utf8)
            : problem;
    }

    /// <summary>Returns the bytes of the body, valid UTF-8.</summary>
    /// <param name="limit">Maximum size in bytes.</param>
    public static async Task<Answer<ReadOnlyMemory<byte>>> ReadBytesAsync(
        HttpRequest request,
        int limit,
        CancellationToken cancellationToken
    )
    {
        if (request.ContentLength > limit)
        {
            return Problem.BodyTooLarge(limit);
        }

        using var bytes = new MemoryStream();
        await request.Body.CopyToAsync(bytes, cancellationToken);
        ReadOnlyMemory<byte> utf8 = bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
        return (utf8.Length > limit, Utf8.IsValid(utf8.Span)) switch
        {
            (true, _) => Problem.BodyTooLarge(limit),
            (_, false) => Problem.MalformedJson("The body is not valid UTF-8."),
            _ => utf8,
        };
    }

    /// <summary>Returns the body as <typeparamref name="T"/>, or a problem with all its errors.</summary>
    public static async Task<Answer<T>> ReadAsync<T>(HttpRequest request, CancellationToken cancellationToken)
        where T : class
    {
        var body = await ReadAsync(request, Json, cancellationToken);
        return body.TryGet(out var json, out var problem) ? StrictJson.Read<T>(json) : problem;
    }

    /// <summary>Returns valid UTF-8 as one JSON value.</summary>
    internal static Answer<JsonElement> Parse(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, Strict);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            return Problem.MalformedJson(
                e.LineNumber is { } line
                    ? $"The body is not valid JSON, or is nested more than {ApiJson.MaxDepth} levels deep: "
                        + $"see line {line + 1}, byte {e.BytePositionInLine}."
                    : "The body is empty or not JSON."
            );
        }
    }

    /// <summary>Returns true if the body has this media type, in UTF-8.</summary>
    public static bool IsOf(HttpRequest request, string mediaType) =>
        Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && type.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase)
        && (
            !type.Charset.HasValue
            || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
            || type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase)
        );
}
