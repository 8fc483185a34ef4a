using System.Text.Json;
using System.Text.Json.Serialization;

namespace OvnNestApi.Contracts;

/// <summary>JSON form of these records: camel case, enumerations as camel-case strings.</summary>
/// <remarks>
/// Unknown properties are ignored, because the API and an agent may have different versions. Known properties are required, so that an
/// incomplete message is rejected. A property that an older version does not send must therefore have a default.
/// </remarks>
public static class ContractJson
{
    /// <summary>Shared, read-only options.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            NumberHandling = JsonNumberHandling.Strict,
            RespectRequiredConstructorParameters = true,
            RespectNullableAnnotations = true,
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
