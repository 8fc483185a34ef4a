using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using Json.Schema;

namespace TestServers;

/// <summary>An OpenAPI 3.1 document, against which responses are checked.</summary>
public sealed class ApiDocument
{
    private const string Components = "https://nest.test/components";

    private readonly ConcurrentDictionary<string, JsonSchema> _schemas = new();
    private readonly BuildOptions _build = new() { SchemaRegistry = new() };
    private readonly JsonElement _document;
    private readonly List<(Regex Url, JsonElement Operations)> _paths;

    public ApiDocument(string json)
    {
        _document = JsonElement.Parse(json);
        _paths =
        [
            .. _document
                .GetProperty("paths")
                .EnumerateObject()
                .OrderBy(path => path.Name.Count(character => character == '{'))
                .Select(path => (new Regex($"^{Regex.Replace(path.Name, @"\{\w+\}", "[^/]+")}/?$"), path.Value)),
        ];
        var shared = _document.GetProperty("components").GetProperty("schemas").GetRawText();
        shared = $$"""{"$id":"{{Components}}","$defs":{{shared.Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal)}}}""";
        JsonSchema.FromText(shared, _build);
    }

    /// <summary>Returns what the document does not say about a response; null if it describes the response.</summary>
    public string? Check(ReceivedResponse response)
    {
        var operations = _paths.Find(path => path.Url.IsMatch(response.Path)).Operations;
        if (operations.ValueKind == JsonValueKind.Undefined)
        {
            return response.Status is 401 or 403 or 404 ? null : "the document has no such path, so the status must be 401, 403 or 404";
        }

        // HEAD has the responses of GET.
        var method = response.IsHead ? "get" : response.Method;
        if (!operations.TryGetProperty(method, out var operation))
        {
            return CheckAllow(operations, response);
        }

        var responses = operation.GetProperty("responses");
        return responses.TryGetProperty($"{response.Status}", out var described)
            ? CheckContent(Resolve(described), response)
            : $"the document has only these statuses: {string.Join(' ', responses.EnumerateObject().Select(one => one.Name))}";
    }

    private static string? CheckAllow(JsonElement operations, ReceivedResponse response)
    {
        var described = operations.EnumerateObject().Select(operation => operation.Name).ToHashSet();
        var allowed = response.Allow.Select(method => method.ToLowerInvariant()).Where(method => method != "head");
        return response.Status == 405 && described.SetEquals(allowed)
            ? null
            : $"the document has only the methods {string.Join(", ", described)}, so the status must be 405 and Allow must list them";
    }

    private string? CheckContent(JsonElement described, ReceivedResponse response)
    {
        if (!described.TryGetProperty("content", out var content))
        {
            return response.MediaType is null && response.Body.Length == 0 ? null : "the document has no body for this status";
        }

        if (!content.TryGetProperty(response.MediaType ?? "", out var body))
        {
            return $"the document does not have this media type for the status: {content}";
        }

        var isJson = response.MediaType?.EndsWith("json", StringComparison.Ordinal) == true;
        return isJson && !response.IsHead ? CheckJson(body.GetProperty("schema"), response.Body) : null;
    }

    private string? CheckJson(JsonElement described, string body)
    {
        var schema = _schemas.GetOrAdd(described.GetRawText(), text =>
            JsonSchema.FromText(text.Replace("#/components/schemas/", $"{Components}#/$defs/", StringComparison.Ordinal), _build)
        );
        var result = schema.Evaluate(JsonElement.Parse(body), new() { OutputFormat = OutputFormat.List });
        var errors = (result.Details ?? [])
            .Where(detail => detail.Errors is not null)
            .SelectMany(detail => detail.Errors!.Select(error => $"{detail.InstanceLocation} {error.Key}: {error.Value}"));
        return result.IsValid ? null : $"the body does not match its schema: {string.Join("; ", errors)}";
    }

    private JsonElement Resolve(JsonElement response) =>
        response.TryGetProperty("$ref", out var reference)
            ? _document.GetProperty("components").GetProperty("responses").GetProperty(reference.GetString()!.Split('/')[^1])
            : response;
}

/// <summary>What a client has received.</summary>
/// <param name="Method">Method of the request in lower case.</param>
/// <param name="MediaType">Media type without parameters; null if the response has none.</param>
/// <param name="Allow">Methods in the header <c>Allow</c>.</param>
public sealed record ReceivedResponse(
    string Method,
    string Path,
    int Status,
    string? MediaType,
    IReadOnlyCollection<string> Allow,
    string Body
)
{
    public bool IsHead => Method == "head";
}
