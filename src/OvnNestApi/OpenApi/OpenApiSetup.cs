using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace OvnNestApi.OpenApi;

/// <summary>The OpenAPI document (3.1, and 3.0 for tools that know no other) and Swagger UI over it.</summary>
internal static class OpenApiSetup
{
    public static IServiceCollection AddOpenApiDocuments(this IServiceCollection services)
    {
        services.AddOpenApi("v1", options => Configure(options, OpenApiSpecVersion.OpenApi3_1));
        services.AddOpenApi("v1-3.0", options => Configure(options, OpenApiSpecVersion.OpenApi3_0));
        return services;
    }

    public static void MapOpenApiDocuments(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
        app.MapOpenApi("/openapi/{documentName}.yaml").AllowAnonymous();
        app.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = "swagger";
            ui.DocumentTitle = "OvnNestApi";
            ui.SwaggerEndpoint("/openapi/v1.json", "OvnNestApi v1");
            ui.EnableDeepLinking();
            ui.DisplayRequestDuration();
            ui.EnableTryItOutByDefault();
        });
    }

    private static void Configure(OpenApiOptions options, OpenApiSpecVersion version)
    {
        options.OpenApiVersion = version;
        options.ShouldInclude = _ => true;
        options.CreateSchemaReferenceId = type => Named(OpenApiOptions.CreateDefaultSchemaReferenceId(type));
        options.AddSchemaTransformer(OpenApiSchemas.TransformAsync);
        options.AddOperationTransformer(OpenApiOperations.TransformAsync);
        options.AddDocumentTransformer(OpenApiDocuments.TransformAsync);
    }

    /// <summary>As a reader would call it: the list of containers is a ContainerList.</summary>
    private static string? Named(string? id) =>
        id is null ? null
        : id.StartsWith("ListViewOf", StringComparison.Ordinal) ? Named(id["ListViewOf".Length..]) + "List"
        : id.EndsWith("View", StringComparison.Ordinal) ? id[..^4]
        : id;
}
