using System.Text.Json;
using System.Text.Json.Serialization;

namespace OvnNestApi.Contracts;

/// <summary>The one JSON form of these records: camel case, enums as camel-case strings, unknown fields ignored (either side may be newer).</summary>
public static class ContractJson
{
    /// <summary>Shared, read-only options.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            NumberHandling = JsonNumberHandling.Strict,
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
