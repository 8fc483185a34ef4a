namespace TestServers;

/// <summary>
/// Fails the test if the service sends a response that its OpenAPI document does not describe: path, method, status, media type, and body.
/// </summary>
/// <param name="document">The document; null to read it from the service at the first response.</param>
public sealed class DescribedResponses(HttpMessageHandler inner, ApiDocument? document = null) : DelegatingHandler(inner)
{
    /// <summary>Pages for people and tools, which the document does not contain.</summary>
    private static readonly string[] Undescribed = ["/openapi/", "/swagger", "/problems"];

    /// <summary>The document of all processes of this run: they run the same program.</summary>
    private static ApiDocument? s_served;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        var url = request.RequestUri!;
        if (Undescribed.Any(prefix => url.AbsolutePath.StartsWith(prefix, StringComparison.Ordinal)))
        {
            return response;
        }

        // A stream of events does not end.
        var mediaType = response.Content.Headers.ContentType?.MediaType;
        var body = mediaType == "text/event-stream" ? "" : await response.Content.ReadAsStringAsync(cancellationToken);
        var received = new ReceivedResponse(
            request.Method.Method.ToLowerInvariant(),
            url.AbsolutePath,
            (int)response.StatusCode,
            mediaType,
            [.. response.Content.Headers.Allow],
            body
        );
        var rules = document ?? (s_served ??= await ReadAsync(url, cancellationToken));
        return rules.Check(received) is { } error
            ? throw new UndescribedResponseException($"{request.Method} {url.PathAndQuery}: {received.Status} {body}\n{error}")
            : response;
    }

    private async Task<ApiDocument> ReadAsync(Uri url, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(url, "/openapi/v1.json"));
        using var response = await base.SendAsync(request, cancellationToken);
        return new(await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellationToken));
    }
}

/// <summary>The OpenAPI document does not describe a response of the service.</summary>
public sealed class UndescribedResponseException(string message) : Exception(message);
