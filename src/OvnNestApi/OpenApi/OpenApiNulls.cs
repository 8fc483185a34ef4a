using Microsoft.OpenApi;

namespace OvnNestApi.OpenApi;

/// <summary>
/// Simplifies properties that can be null. The generator describes each property of a referenced type as <c>oneOf</c> null and the
/// reference.
/// </summary>
internal static class OpenApiNulls
{
    /// <param name="isOld">
    /// True for version 3.0, which has no null type: all properties become the reference alone. In version 3.1, only <c>spec</c> does.
    /// </param>
    public static void Simplify(OpenApiDocument document, bool isOld)
    {
        foreach (var schema in document.Components?.Schemas?.Values.OfType<OpenApiSchema>() ?? [])
        {
            var properties = schema.Properties ?? new Dictionary<string, IOpenApiSchema>();
            foreach (var (name, property) in properties.Where(property => isOld || property.Key == "spec").ToList())
            {
                properties[name] = WithoutNull(property);
            }
        }
    }

    private static IOpenApiSchema WithoutNull(IOpenApiSchema property) =>
        property.OneOf is { Count: 2 } choices && choices.Any(one => one.Type == JsonSchemaType.Null)
            ? choices.Single(one => one.Type != JsonSchemaType.Null)
            : property;
}
