using System.Text.Json;
using System.Text.Json.Nodes;

namespace OvnNestApi.Http;

/// <summary>JSON Merge Patch, RFC 7396 §2.</summary>
internal static class MergePatch
{
    public static JsonNode? Apply(JsonNode? target, JsonElement patch)
    {
        if (patch.ValueKind != JsonValueKind.Object)
        {
            return JsonNode.Parse(patch.GetRawText());
        }

        var result = target as JsonObject ?? [];
        foreach (var field in patch.EnumerateObject())
        {
            if (field.Value.ValueKind == JsonValueKind.Null)
            {
                result.Remove(field.Name);
            }
            else
            {
                var present = result[field.Name];
                result.Remove(field.Name);
                result[field.Name] = Apply(present, field.Value);
            }
        }

        return result;
    }
}
