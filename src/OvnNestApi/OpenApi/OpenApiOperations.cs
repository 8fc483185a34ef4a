using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.OpenApi;
using OvnNestApi.Http;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.OpenApi;

/// <summary>
/// What every operation's documentation has: its parameters and body as they are checked, its headers, its problems, its key.
/// </summary>
internal static class OpenApiOperations
{
    public const string SecurityScheme = "bearer";

    private const string NamePattern = ResourceName.Pattern;

    private static readonly Dictionary<string, string> PathParameters = new()
    {
        ["name"] = "The object's name.",
        ["vm"] = "The VM's name.",
        ["host"] = "The host's name.",
        ["tag"] = "The VLAN tag.",
        ["id"] = "The id.",
    };

    public static Task TransformAsync(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        CancellationToken cancellationToken
    )
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var document = context.Document ?? throw new InvalidOperationException("Operations are transformed within a document.");
        var isAnonymous = metadata.OfType<IAllowAnonymous>().Any();
        var hasBody = operation.RequestBody is not null;
        AddParameters(operation, context, metadata.OfType<QueryParameters>().FirstOrDefault(), hasBody);
        if (operation.RequestBody is OpenApiRequestBody body && metadata.OfType<BodyExample>().FirstOrDefault() is { } example)
        {
            body.Required = true;
            foreach (var content in body.Content?.Values ?? [])
            {
                content.Example = JsonNode.Parse(example.Json);
            }
        }

        operation.Responses ??= [];
        foreach (var response in operation.Responses.Values.OfType<OpenApiResponse>())
        {
            AddHeaders(operation, response);

            // ASP.NET knows one type for each status: that is the JSON.
            foreach (
                var mediaType in metadata
                    .OfType<Representations>()
                    .SelectMany(offered => offered.MediaTypes)
                    .Where(type => type != Representations.Json)
            )
            {
                response.Content?.Add(mediaType, new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
            }
        }

        foreach (var status in Problems(operation, context, hasBody, isAnonymous))
        {
            operation.Responses[status.ToString(System.Globalization.CultureInfo.InvariantCulture)] = new OpenApiResponseReference(
                $"Problem{status}",
                document
            );
        }

        operation.Security = isAnonymous ? [] : [new() { [new OpenApiSecuritySchemeReference(SecurityScheme, document)] = [] }];
        return Task.CompletedTask;
    }

    private static void AddParameters(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        QueryParameters? query,
        bool hasBody
    )
    {
        var parameters = operation.Parameters ??= [];
        foreach (
            var part in RoutePatternFactory
                .Parse(context.Description.RelativePath ?? "")
                .Parameters.Where(part => parameters.All(known => known.Name != part.Name))
        )
        {
            parameters.Add(
                new OpenApiParameter
                {
                    Name = part.Name,
                    In = ParameterLocation.Path,
                    Required = true,
                    Description = PathParameters.GetValueOrDefault(part.Name, "A name."),
                    Schema = new OpenApiSchema
                    {
                        Type = JsonSchemaType.String,
                        Pattern = part.Name is "name" or "vm" or "host" ? NamePattern : null,
                    },
                }
            );
        }

        foreach (var known in parameters.OfType<OpenApiParameter>())
        {
            known.Description ??= PathParameters.GetValueOrDefault(known.Name ?? "", "A parameter.");
        }

        foreach (var parameter in query?.All ?? [])
        {
            parameters.Add(
                new OpenApiParameter
                {
                    Name = parameter.Name,
                    In = ParameterLocation.Query,
                    Description = parameter.Description,
                    Schema = new OpenApiSchema
                    {
                        Type = parameter.Type switch
                        {
                            "boolean" => JsonSchemaType.Boolean,
                            "integer" => JsonSchemaType.Integer,
                            _ => JsonSchemaType.String,
                        },
                    },
                }
            );
        }

        if (query is not null && (query.All == WriteOptions.OfWrites || query.All == WriteOptions.OfDeletes))
        {
            AddHeader("If-Match", "Only if the object's present ETag is one of these; else 412.");
            if (hasBody)
            {
                AddHeader("If-None-Match", "`*`: only create; else 412.");
            }
        }

        void AddHeader(string name, string description) =>
            parameters.Add(
                new OpenApiParameter
                {
                    Name = name,
                    In = ParameterLocation.Header,
                    Description = description,
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                }
            );
    }

    private static void AddHeaders(OpenApiOperation operation, OpenApiResponse response)
    {
        response.Headers ??= new Dictionary<string, IOpenApiHeader>();
        Add("X-Request-Id", "The request's id in logs and in the change log.");
        if (operation.Parameters?.Any(parameter => parameter.Name == "If-Match") == true)
        {
            Add("ETag", "The object's id and revision.");
            Add("Location", "Where the object is, with 201 and 202.");
        }

        void Add(string name, string description) =>
            response.Headers[name] = new OpenApiHeader
            {
                Description = description,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            };
    }

    /// <summary>The statuses of the problems that the operation can answer with.</summary>
    private static IEnumerable<int> Problems(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        bool hasBody,
        bool isAnonymous
    )
    {
        var isWrite = context.Description.HttpMethod is "POST" or "PUT" or "PATCH" or "DELETE";
        if (isAnonymous)
        {
            return isWrite ? [400, 401, 413, 415, 500, 503]
                : context.Description.RelativePath == "livez" ? [406]
                : [406, 500, 503];
        }

        List<int> statuses = [400, 401, 403, 406, 429, 500, 503];
        if (context.Description.RelativePath?.Contains('{', StringComparison.Ordinal) == true)
        {
            statuses.Add(404);
        }

        if (operation.OperationId?.StartsWith("wait-", StringComparison.Ordinal) == true)
        {
            statuses.Add(408);
        }

        if (operation.OperationId == "list-changes")
        {
            statuses.Add(410);
        }

        if (isWrite)
        {
            statuses.AddRange([409, 412]);
        }

        if (hasBody)
        {
            statuses.AddRange([413, 415]);
        }

        return statuses.Order();
    }
}
