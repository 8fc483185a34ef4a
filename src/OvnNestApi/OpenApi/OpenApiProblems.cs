using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using OvnNestApi.Contracts;
using OvnNestApi.Http;
using OvnNestApi.Problems;

namespace OvnNestApi.OpenApi;

/// <summary>Documents the errors: one response for each status, and which statuses an operation can respond with.</summary>
internal static class OpenApiProblems
{
    /// <summary>Adds one response for each error status that the operations use, and the schema of its body.</summary>
    public static void AddTo(OpenApiDocument document)
    {
        var used = OpenApiDocuments
            .OperationsOf(document)
            .SelectMany(operation => operation.Responses?.Keys ?? Enumerable.Empty<string>())
            .ToHashSet();
        foreach (var kinds in ProblemCatalogue.All.GroupBy(kind => kind.Status).Where(group => used.Contains($"{group.Key}")))
        {
            document.AddComponent<IOpenApiResponse>($"Problem{kinds.Key}", Response(document, [.. kinds]));
        }

        document.AddComponent<IOpenApiSchema>(nameof(ProblemDetails), Schema());
    }

    /// <summary>Returns the error statuses that the operation can respond with, in ascending order.</summary>
    public static IEnumerable<int> StatusesOf(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        bool hasBody,
        bool isAnonymous
    )
    {
        var isWrite = context.Description.HttpMethod is "POST" or "PUT" or "PATCH" or "DELETE";
        var path = context.Description.RelativePath ?? "";
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (isAnonymous)
        {
            return (isWrite, path) switch
            {
                (true, _) => [400, 401, 406, 413, 415, 500, 503],
                (false, "livez") => [],
                _ => [500, 503],
            };
        }

        List<int> statuses = [400, 401, 403, 406, 429, 500, 503];
        AddIf(404, path.Contains('{', StringComparison.Ordinal));
        AddIf(408, operation.OperationId?.StartsWith("wait-", StringComparison.Ordinal) == true);
        AddIf(409, isWrite || Takes(metadata, SessionRequest.Header));
        AddIf(410, operation.OperationId is "list-changes" or "export-manifest");
        AddIf(412, metadata.OfType<TakesConditions>().Any());
        AddIf(413, hasBody);
        AddIf(415, hasBody);
        AddIf(422, Takes(metadata, IdempotencyKey.Header));
        return statuses.Order();

        void AddIf(int status, bool condition)
        {
            if (condition)
            {
                statuses.Add(status);
            }
        }
    }

    private static bool Takes(IList<object> metadata, string header) => metadata.OfType<RequestHeader>().Any(taken => taken.Name == header);

    private static OpenApiResponse Response(OpenApiDocument document, IReadOnlyList<ProblemKind> kinds) =>
        new()
        {
            Description = string.Join(" ", kinds.Select(kind => $"`{kind.Code}`: {kind.Title}.")),
            Headers = kinds.Any(kind => kind.Retryable)
                ? new Dictionary<string, IOpenApiHeader>
                {
                    ["Retry-After"] = new OpenApiHeader
                    {
                        Description = "Seconds to wait before the next attempt, if known.",
                        Schema = new OpenApiSchema { Type = JsonSchemaType.Integer },
                    },
                }
                : null,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                [ProblemResult.MediaType] = new()
                {
                    Schema = new OpenApiSchemaReference(nameof(ProblemDetails), document),
                    Example = Example(kinds[0]),
                },
            },
        };

    private static JsonObject Example(ProblemKind kind) =>
        new()
        {
            ["type"] = $"/problems/{kind.Code}",
            ["title"] = kind.Title,
            ["status"] = kind.Status,
            ["code"] = kind.Code,
            ["detail"] = kind.Explanation,
            ["instance"] = "/v1/vms/vm5/containers/c53",
            ["requestId"] = "0198c0ffee",
            ["retryable"] = kind.Retryable,
        };

    private static OpenApiSchema Schema() =>
        new()
        {
            Type = JsonSchemaType.Object,
            Description = "An error as problem details (RFC 9457).",
            Required = new HashSet<string> { "type", "title", "status", "code", "detail", "instance", "requestId", "retryable" },
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["type"] = Text("Path of the page that explains this kind of problem."),
                ["title"] = Text("Summary, the same for every occurrence of the code."),
                ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "The HTTP status code." },
                ["code"] = Text("Stable identifier of this kind of problem."),
                ["detail"] = Text("What is wrong in this request, and what to do."),
                ["instance"] = Text("The path of the request."),
                ["requestId"] = Text("Id of the request. Logs and the change log contain it."),
                ["retryable"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Boolean,
                    Description = "Whether the same request can succeed later without a change.",
                },
                ["errors"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Array,
                    Description = "The fields with errors.",
                    Items = FieldErrorSchema(),
                },
            },
        };

    private static OpenApiSchema FieldErrorSchema() =>
        new()
        {
            Type = JsonSchemaType.Object,
            Required = new HashSet<string> { "pointer", "detail" },
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["pointer"] = Text("JSON pointer to the field (RFC 6901, fragment form), such as #/spec/vlan."),
                ["detail"] = Text("What is wrong with the field."),
            },
        };

    private static OpenApiSchema Text(string description) => new() { Type = JsonSchemaType.String, Description = description };
}
