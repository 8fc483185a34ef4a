using System.Text.Json;
using System.Text.Unicode;
using OvnNestApi.Problems;

namespace OvnNestApi.Http;

/// <summary>Reads the body of a request. A problem lists all errors of the body, each with its JSON pointer.</summary>
internal static class JsonBody
{
    public const string Json = "application/json";

    public const string MergePatch = "application/merge-patch+json";

    public const string WantsJson = "Send the body with Content-Type: application/json; with curl: curl --json '{…}'.";

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

        if (request.ContentLength > HttpLimits.Body)
        {
            return Problem.BodyTooLarge(HttpLimits.Body);
        }

        using var bytes = new MemoryStream();
        await request.Body.CopyToAsync(bytes, cancellationToken);
        return Parse(bytes.GetBuffer().AsMemory(0, (int)bytes.Length));
    }

    /// <summary>Returns the body as <typeparamref name="T"/>, or a problem with all its errors.</summary>
    public static async Task<Answer<T>> ReadAsync<T>(HttpRequest request, CancellationToken cancellationToken)
        where T : class
    {
        var body = await ReadAsync(request, Json, cancellationToken);
        return body.TryGet(out var json, out var problem) ? StrictJson.Read<T>(json) : problem;
    }

    internal static Answer<JsonElement> Parse(ReadOnlyMemory<byte> utf8)
    {
        if (utf8.Length > HttpLimits.Body)
        {
            return Problem.BodyTooLarge(HttpLimits.Body);
        }

        if (!Utf8.IsValid(utf8.Span))
        {
            return Problem.MalformedJson("The body is not valid UTF-8.");
        }

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

    private static bool IsOf(HttpRequest request, string mediaType) =>
        Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && type.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase)
        && (
            !type.Charset.HasValue
            || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
            || type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase)
        );
}
