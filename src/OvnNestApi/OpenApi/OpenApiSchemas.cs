using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using OvnNestApi.Schema;

namespace OvnNestApi.OpenApi;

/// <summary>Adds what the schema generator cannot know: the text form of values, and which fields a response always has.</summary>
internal static class OpenApiSchemas
{
    private static readonly NullabilityInfoContext Nullability = new();

    public static Task TransformAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var type = context.JsonTypeInfo.Type;
        Describe(schema, Nullable.GetUnderlyingType(type) ?? type);
        if (type == typeof(DateTimeOffset?))
        {
            schema.Type = JsonSchemaType.String | JsonSchemaType.Null;
        }

        if (schema is { Items: null } && context.JsonTypeInfo is { Kind: JsonTypeInfoKind.Enumerable, ElementType: { } element })
        {
            var items = new OpenApiSchema();
            Describe(items, element);
            schema.Items = items;
        }

        if (type.Namespace?.StartsWith("OvnNestApi", StringComparison.Ordinal) == true && schema.Properties is { Count: > 0 } properties)
        {
            Shape(schema, properties, context, IsBody(type));
        }

        return Task.CompletedTask;
    }

    private static void Describe(OpenApiSchema schema, Type value)
    {
        if (value == typeof(Ipv4))
        {
            Text(schema, "ipv4", null, "172.16.255.133");
        }
        else if (value == typeof(MacAddress))
        {
            Text(schema, null, "^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$", "02:ac:10:ff:01:33");
        }
        else if (value == typeof(Cidr))
        {
            Text(schema, null, @"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$", "172.16.255.128/26");
        }
        else if (value == typeof(AddressRange))
        {
            Text(schema, null, @"^[0-9]{1,3}(\.[0-9]{1,3}){3}(-[0-9]{1,3}(\.[0-9]{1,3}){3})?$", "172.16.255.140-172.16.255.150");
        }
        else if (value == typeof(AllowedAddress))
        {
            const string Pattern = @"^([0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5} )?[0-9]{1,3}(\.[0-9]{1,3}){3}(/[0-9]{1,2})?$";
            Text(schema, null, Pattern, "00:00:5e:00:01:33 172.16.255.180");
        }
        else if (value == typeof(DateTimeOffset))
        {
            Text(schema, "date-time", null, "2026-11-23T18:00:00Z");
        }
        else if (value.IsEnum)
        {
            // The generator leaves the type out, and some client generators then take the names for numbers. It adds null to the names if
            // a property can be null, although that property says so itself.
            schema.Type = JsonSchemaType.String;
            schema.Enum = schema.Enum?.Where(name => name is not null && !name.IsJsonNullSentinel()).ToList();
        }
    }

    /// <summary>Whether clients send this type. Unknown fields are errors in requests; responses may get new fields.</summary>
    private static bool IsBody(Type type) =>
        type.Name.EndsWith("Body", StringComparison.Ordinal) || type.Name.EndsWith("Spec", StringComparison.Ordinal);

    private static void Shape(
        OpenApiSchema schema,
        IDictionary<string, IOpenApiSchema> properties,
        OpenApiSchemaTransformerContext context,
        bool isBody
    )
    {
        schema.Required = new HashSet<string>();
        if (!isBody)
        {
            schema.AdditionalPropertiesAllowed = true;
            schema.AdditionalProperties = null;
        }

        foreach (var map in properties.Values.OfType<OpenApiSchema>().Where(one => one.Pattern is not null))
        {
            if (map.AdditionalProperties is OpenApiSchema value)
            {
                // The generator puts the pattern of the values on the map.
                (value.Pattern, map.Pattern) = (map.Pattern, null);
            }
        }

        foreach (var property in context.JsonTypeInfo.Properties.Where(property => properties.ContainsKey(property.Name)))
        {
            if (isBody ? IsRequired(property) : IsAlwaysPresent(property))
            {
                schema.Required.Add(property.Name);
            }
        }
    }

    private static bool IsRequired(JsonPropertyInfo property) =>
        property.AttributeProvider?.IsDefined(typeof(RequiredAttribute), inherit: true) == true;

    private static bool IsAlwaysPresent(JsonPropertyInfo property) =>
        property.AttributeProvider is PropertyInfo info && Nullable.GetUnderlyingType(info.PropertyType) is null && !IsNullable(info);

    private static bool IsNullable(PropertyInfo property)
    {
        lock (Nullability)
        {
            return Nullability.Create(property).ReadState == NullabilityState.Nullable;
        }
    }

    private static void Text(OpenApiSchema schema, string? format, string? pattern, string example)
    {
        // Without null in the type: the list of required properties says which can be absent.
        schema.Type = JsonSchemaType.String;
        (schema.Format, schema.Pattern) = (format, pattern);
        schema.Examples ??= [JsonValue.Create(example)];
    }
}
