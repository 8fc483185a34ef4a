using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace OvnNestApi.OpenApi;

/// <summary>Serves the OpenAPI document, in 3.1 and, for older tools, in 3.0, and Swagger UI.</summary>
internal static class OpenApiSetup
{
    /// <summary>Name of the document in version 3.0.</summary>
    public const string OldDocument = "v1-3.0";

    public static IServiceCollection AddOpenApiDocuments(this IServiceCollection services)
    {
        services.AddOpenApi("v1", options => Configure(options, OpenApiSpecVersion.OpenApi3_1));
        services.AddOpenApi(OldDocument, options => Configure(options, OpenApiSpecVersion.OpenApi3_0));
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

    /// <summary>Shortens generated names: ContainerView becomes Container, ListViewOfContainerView becomes ContainerList.</summary>
    private static string? Named(string? id)
    {
        const string list = "ListViewOf";
        const string view = "View";
        return id switch
        {
            not null when id.StartsWith(list, StringComparison.Ordinal) => Named(id[list.Length..]) + "List",
            not null when id.EndsWith(view, StringComparison.Ordinal) => id[..^view.Length],
            _ => id,
        };
    }
}
