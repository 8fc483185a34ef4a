using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using OvnNestApi.Http;
using OvnNestApi.Problems;

namespace OvnNestApi.OpenApi;

/// <summary>What the document says as a whole.</summary>
internal static class OpenApiDocuments
{
    private const string Description = """
        Keeps OVN's nested ports, VLAN tags and hosts in agreement: desired networks, VMs and containers go in, the northbound database and the
        hosts' bridges follow, and every object tells whether it is ready, or why not.

        Every object has one shape: `name`, `labels`, `description` and `spec` are the client's and are answered as sent; `status` and `metadata` are the service's,
        and are ignored in what is sent. Names are the client's, so PUT creates. Errors are problem details (RFC 9457) with a stable `code` and, where fields are meant, JSON pointers.
        """;

    private static readonly (string Name, string Description)[] Tags =
    [
        ("Networks", "Logical switches with their subnet, DHCP options and gateway."),
        ("Routers", "Logical routers, which join the networks that name them."),
        ("Hosts", "Machines that run VMs, with an agent."),
        ("VMs", "VMs: the parent ports, their bridges, and the scopes of VLAN tags."),
        ("Containers", "Containers: nested ports, told apart by their VLAN tags."),
        ("VLAN leases", "VLAN tags as things of their own: reserved, bound, draining, cooling."),
        ("Readiness", "How much is ready, and what the rest waits for."),
        ("Changes", "What changed, and who did it."),
        ("Agents", "What the agents of hosts use: enrolment, work, reports."),
        ("API keys", "Clients' keys."),
        ("Service", "The service about itself."),
    ];

    public static Task TransformAsync(
        OpenApiDocument document,
        OpenApiDocumentTransformerContext context,
        CancellationToken cancellationToken
    )
    {
        document.Info = new()
        {
            Title = "OvnNestApi",
            Version = "v1",
            Description = Description,
            License = new() { Name = "Apache-2.0", Url = new("https://www.apache.org/licenses/LICENSE-2.0") },
            Contact = new() { Name = "The OvnNestApi developers" },
        };
        document.Servers = [new() { Url = "/", Description = "This service." }];
        WithoutHead(document);
        AddProblems(document);
        TypeSpecs(document);
        OpenApiTexts.Unwrap(document);
        document.Tags = new HashSet<OpenApiTag>(
            Tags.Where(tag => IsUsed(document, tag.Name)).Select(tag => new OpenApiTag { Name = tag.Name, Description = tag.Description })
        );
        foreach (
            var other in Operations(document)
                .SelectMany(operation => operation.Tags ?? new HashSet<OpenApiTagReference>())
                .Select(tag => tag.Name)
                .OfType<string>()
                .Distinct()
        )
        {
            if (document.Tags.All(tag => tag.Name != other))
            {
                document.Tags.Add(new() { Name = other, Description = other });
            }
        }

        document.AddComponent<IOpenApiSecurityScheme>(
            OpenApiOperations.SecurityScheme,
            new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "An API key: `Authorization: Bearer nest_…`. The first admin key is made by the command `create-key`.",
            }
        );
        return Task.CompletedTask;
    }

    private static IEnumerable<OpenApiOperation> Operations(OpenApiDocument document) =>
        document.Paths.Values.SelectMany(path => path.Operations?.Values ?? Enumerable.Empty<OpenApiOperation>());

    private static bool IsUsed(OpenApiDocument document, string tag) =>
        Operations(document).Any(operation => operation.Tags?.Any(used => used.Name == tag) == true);

    /// <summary>HEAD is wherever GET is, with the same answer but the body: nothing to tell of it.</summary>
    private static void WithoutHead(OpenApiDocument document)
    {
        foreach (var path in document.Paths.Values)
        {
            path.Operations?.Remove(HttpMethod.Head);
        }
    }

    private static void AddProblems(OpenApiDocument document)
    {
        var used = Operations(document).SelectMany(operation => operation.Responses?.Keys ?? Enumerable.Empty<string>()).ToHashSet();
        foreach (var group in ProblemCatalogue.All.GroupBy(kind => kind.Status).Where(group => used.Contains($"{group.Key}")))
        {
            var example = group.First();
            document.AddComponent<IOpenApiResponse>(
                $"Problem{group.Key}",
                new OpenApiResponse
                {
                    Description = string.Join(" ", group.Select(kind => $"`{kind.Code}`: {kind.Title}.")),
                    Headers = group.Any(kind => kind.Retryable)
                        ? new Dictionary<string, IOpenApiHeader>
                        {
                            ["Retry-After"] = new OpenApiHeader
                            {
                                Description = "Seconds after which to try again, where that is known.",
                                Schema = new OpenApiSchema { Type = JsonSchemaType.Integer },
                            },
                        }
                        : null,
                    Content = new Dictionary<string, OpenApiMediaType>
                    {
                        [ProblemResult.MediaType] = new()
                        {
                            Schema = new OpenApiSchemaReference(nameof(ProblemDetails), document),
                            Example = new JsonObject
                            {
                                ["type"] = $"/problems/{example.Code}",
                                ["title"] = example.Title,
                                ["status"] = example.Status,
                                ["code"] = example.Code,
                                ["detail"] = example.Explanation,
                                ["instance"] = "/v1/vms/vm5/containers/c53",
                                ["requestId"] = "0198c0ffee",
                                ["retryable"] = example.Retryable,
                            },
                        },
                    },
                }
            );
        }

        document.AddComponent<IOpenApiSchema>(nameof(ProblemDetails), ProblemSchema());
    }

    private static OpenApiSchema ProblemSchema() =>
        new()
        {
            Type = JsonSchemaType.Object,
            Description = "An error, RFC 9457.",
            Required = new HashSet<string> { "type", "title", "status", "code", "detail", "instance", "requestId", "retryable" },
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["type"] = Text("Where this kind of problem is explained."),
                ["title"] = Text("One sentence, the same for every occurrence of the code."),
                ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "The HTTP status." },
                ["code"] = Text("Stable name of the kind of problem."),
                ["detail"] = Text("What happened here."),
                ["instance"] = Text("The path of the request."),
                ["requestId"] = Text("The request's id in logs and in the change log."),
                ["retryable"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Boolean,
                    Description = "The same request may succeed later without a change.",
                },
                ["errors"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Array,
                    Description = "The fields that are meant.",
                    Items = new OpenApiSchema
                    {
                        Type = JsonSchemaType.Object,
                        Required = new HashSet<string> { "pointer", "detail" },
                        Properties = new Dictionary<string, IOpenApiSchema>
                        {
                            ["pointer"] = Text("JSON pointer, such as #/spec/vlan."),
                            ["detail"] = Text("What is wrong with it."),
                        },
                    },
                },
            },
        };

    private static OpenApiSchema Text(string description) => new() { Type = JsonSchemaType.String, Description = description };

    /// <summary>A spec is answered as it was sent: it has the schema of what can be sent.</summary>
    private static void TypeSpecs(OpenApiDocument document)
    {
        var schemas = document.Components?.Schemas ?? new Dictionary<string, IOpenApiSchema>();
        foreach (var (name, schema) in schemas)
        {
            if (
                schema is OpenApiSchema { Properties: { } properties }
                && properties.ContainsKey("spec")
                && schemas.ContainsKey(name + "Spec")
            )
            {
                properties["spec"] = new OpenApiSchemaReference(name + "Spec", document) { Description = "What was asked for, as sent." };
            }
        }

        foreach (
            var (properties, property) in schemas
                .Values.OfType<OpenApiSchema>()
                .SelectMany(schema => schema.Properties?.Where(IsAny).Select(one => (schema.Properties, one.Key)) ?? [])
                .ToList()
        )
        {
            properties[property] = new OpenApiSchema
            {
                Description = properties[property].OneOf?.Select(one => one.Description).FirstOrDefault(text => text is not null),
            };
        }

        foreach (
            var asked in schemas
                .Keys.Where(name => name == nameof(System.Text.Json.JsonElement) || name.StartsWith("RawSpecOf", StringComparison.Ordinal))
                .ToList()
        )
        {
            schemas.Remove(asked);
        }
    }

    private static bool IsAny(KeyValuePair<string, IOpenApiSchema> property) =>
        property.Value.OneOf?.Any(one => one is OpenApiSchemaReference { Reference.Id: "JsonElement" }) == true;
}
