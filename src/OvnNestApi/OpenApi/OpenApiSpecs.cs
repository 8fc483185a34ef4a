using System.Text.Json;
using Microsoft.OpenApi;

namespace OvnNestApi.OpenApi;

/// <summary>Gives the <c>spec</c> of a response, which is stored JSON, the schema of the request's <c>spec</c>.</summary>
internal static class OpenApiSpecs
{
    public static void ShareSpecSchemas(OpenApiDocument document)
    {
        var schemas = document.Components?.Schemas ?? new Dictionary<string, IOpenApiSchema>();
        foreach (var (name, schema) in schemas)
        {
            if (HasStoredSpec(schema, out var properties) && schemas.ContainsKey(name + "Spec"))
            {
                properties["spec"] = new OpenApiSchemaReference(name + "Spec", document)
                {
                    Description = "The requested state, as the client sent it.",
                };
            }
        }

        AllowAnyJson(schemas);
        foreach (var unused in schemas.Keys.Where(IsRawJson).ToList())
        {
            schemas.Remove(unused);
        }
    }

    private static bool HasStoredSpec(IOpenApiSchema schema, out IDictionary<string, IOpenApiSchema> properties)
    {
        properties = (schema as OpenApiSchema)?.Properties ?? new Dictionary<string, IOpenApiSchema>();
        return properties.TryGetValue("spec", out var spec) && spec is OpenApiSchemaReference { Reference.Id: { } id } && IsRawJson(id);
    }

    /// <summary>Replaces references to <see cref="JsonElement"/> by a schema without a type: any JSON value.</summary>
    private static void AllowAnyJson(IDictionary<string, IOpenApiSchema> schemas)
    {
        foreach (
            var properties in schemas
                .Values.OfType<OpenApiSchema>()
                .Select(schema => schema.Properties)
                .OfType<IDictionary<string, IOpenApiSchema>>()
        )
        {
            foreach (var (name, property) in properties.Where(property => IsAny(property.Value)).ToList())
            {
                properties[name] = new OpenApiSchema
                {
                    Description = property.OneOf?.Select(one => one.Description).FirstOrDefault(text => text is not null),
                };
            }
        }
    }

    private static bool IsAny(IOpenApiSchema property) =>
        property.OneOf?.Any(one => one is OpenApiSchemaReference { Reference.Id: nameof(JsonElement) }) == true;

    private static bool IsRawJson(string schema) =>
        schema == nameof(JsonElement) || schema.StartsWith("RawSpecOf", StringComparison.Ordinal);
}
