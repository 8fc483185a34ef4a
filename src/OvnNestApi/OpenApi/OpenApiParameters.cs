using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.OpenApi;
using OvnNestApi.Http;
using OvnNestApi.Schema;

namespace OvnNestApi.OpenApi;

/// <summary>Documents the parameters of an operation in its path, query and headers, as the service checks them.</summary>
internal static class OpenApiParameters
{
    /// <summary>Request header of conditional writes, RFC 9110 §13.1.1.</summary>
    public const string IfMatch = "If-Match";

    private static readonly Dictionary<string, string> PathDescriptions = new()
    {
        ["name"] = "Name of the resource.",
        ["vm"] = "Name of the VM.",
        ["host"] = "Name of the host.",
        ["tag"] = "VLAN tag.",
        ["id"] = "Id.",
    };

    public static void AddTo(OpenApiOperation operation, OpenApiOperationTransformerContext context, bool hasBody)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var query = metadata.OfType<QueryParameters>().FirstOrDefault();
        var parameters = operation.Parameters ??= [];
        AddPath(parameters, context.Description.RelativePath ?? "");
        foreach (var parameter in query?.All ?? [])
        {
            parameters.Add(
                new OpenApiParameter
                {
                    Name = parameter.Name,
                    In = ParameterLocation.Query,
                    Description = parameter.Description,
                    Schema = new OpenApiSchema { Type = TypeOf(parameter) },
                }
            );
        }

        foreach (var header in metadata.OfType<RequestHeader>())
        {
            parameters.Add(Header(header.Name, header.Description));
        }

        if (metadata.OfType<TakesConditions>().Any())
        {
            parameters.Add(Header(IfMatch, "ETags. If the resource's current ETag is not one of them, the response is 412."));
            if (hasBody)
            {
                parameters.Add(Header("If-None-Match", "`*`: create the resource; if it exists, the response is 412."));
            }
        }
    }

    private static void AddPath(IList<IOpenApiParameter> parameters, string path)
    {
        foreach (var part in RoutePatternFactory.Parse(path).Parameters.Where(part => parameters.All(known => known.Name != part.Name)))
        {
            parameters.Add(
                new OpenApiParameter
                {
                    Name = part.Name,
                    In = ParameterLocation.Path,
                    Required = true,
                    Schema = new OpenApiSchema
                    {
                        Type = JsonSchemaType.String,
                        Pattern = part.Name is "name" or "vm" or "host" ? ResourceName.Pattern : null,
                    },
                }
            );
        }

        foreach (var parameter in parameters.OfType<OpenApiParameter>())
        {
            parameter.Description ??= PathDescriptions.GetValueOrDefault(parameter.Name ?? "", $"Name of the {parameter.Name}.");
        }
    }

    private static JsonSchemaType TypeOf(QueryParameter parameter) =>
        parameter.Type switch
        {
            "boolean" => JsonSchemaType.Boolean,
            "integer" => JsonSchemaType.Integer,
            _ => JsonSchemaType.String,
        };

    private static OpenApiParameter Header(string name, string description) =>
        new()
        {
            Name = name,
            In = ParameterLocation.Header,
            Description = description,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        };
}
