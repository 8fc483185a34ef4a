using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using OvnNestApi.Http;

namespace OvnNestApi.OpenApi;

/// <summary>Completes the documentation of each operation: parameters, example body, headers, errors and authentication.</summary>
internal static class OpenApiOperations
{
    public const string SecurityScheme = "bearer";

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
        OpenApiParameters.AddTo(operation, context, hasBody);
        AddBodyExample(operation, metadata.OfType<BodyExample>().FirstOrDefault());
        operation.Responses ??= [];
        if (metadata.OfType<RespondsWithAnyBody>().Any())
        {
            OfferEveryBody([.. operation.Responses.Values.SelectMany(response => response.Content?.Values ?? [])]);
        }

        foreach (var response in operation.Responses.Values.OfType<OpenApiResponse>())
        {
            AddHeaders(operation, response);
            AddRepresentations(response, metadata.OfType<Representations>());
        }

        foreach (var status in OpenApiProblems.StatusesOf(operation, context, hasBody, isAnonymous))
        {
            operation.Responses[status.ToString(CultureInfo.InvariantCulture)] = new OpenApiResponseReference($"Problem{status}", document);
        }

        operation.Security = isAnonymous ? [] : [new() { [new OpenApiSecuritySchemeReference(SecurityScheme, document)] = [] }];
        return Task.CompletedTask;
    }

    private static void AddBodyExample(OpenApiOperation operation, BodyExample? example)
    {
        if (operation.RequestBody is not OpenApiRequestBody body || example is null)
        {
            return;
        }

        body.Required = true;
        foreach (var content in body.Content?.Values ?? [])
        {
            content.Example = JsonNode.Parse(example.Json);
        }
    }

    /// <summary>The generator knows only one body for each status.</summary>
    private static void OfferEveryBody(IReadOnlyList<OpenApiMediaType> contents)
    {
        var schemas = contents.Select(content => content.Schema).OfType<IOpenApiSchema>().ToList();
        foreach (var content in contents)
        {
            content.Schema = new OpenApiSchema { OneOf = [.. schemas] };
        }
    }

    private static void AddHeaders(OpenApiOperation operation, OpenApiResponse response)
    {
        response.Headers ??= new Dictionary<string, IOpenApiHeader>();
        Add("X-Request-Id", "Id of the request. Logs and the change log contain it.");
        if (operation.Parameters?.Any(parameter => parameter.Name == OpenApiParameters.IfMatch) == true)
        {
            Add("ETag", "Id and revision of the resource.");
            Add("Location", "Path of the resource, in responses with 201 and 202.");
        }

        void Add(string name, string description) =>
            response.Headers[name] = new OpenApiHeader
            {
                Description = description,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            };
    }

    /// <summary>Adds the media types other than JSON. The generator knows only one type for each status.</summary>
    private static void AddRepresentations(OpenApiResponse response, IEnumerable<Representations> offered)
    {
        foreach (var mediaType in offered.SelectMany(one => one.MediaTypes).Where(type => type != Representations.Json))
        {
            response.Content?.Add(mediaType, new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
        }
    }
}
