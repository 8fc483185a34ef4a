using System.Text.Json;
using System.Text.Json.Serialization;

namespace OvnNestApi.Contracts;

/// <summary>The one JSON form of these records: camel case, enums as camel-case strings, unknown fields ignored (either side may be newer), known ones
/// required, so that half a message is not taken for a whole one: a field that an older side does not send has a default.</summary>
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
