using System.Text.Json;
using System.Text.Json.Nodes;
using OvnNestApi.Problems;

namespace OvnNestApi.Http;

/// <summary>JSON Merge Patch, RFC 7396 §2.</summary>
internal static class MergePatch
{
    /// <summary>Returns 400 if a field of the patch is repeated, or a name or a string is not valid Unicode; else null.</summary>
    public static Problem? Check(JsonElement patch)
    {
        var errors = new List<FieldError>();
        Check(patch, JsonPointer.Root, errors);
        return errors.Count > 0 ? Problem.ValidationFailed(errors) : null;
    }

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

    private static void Check(JsonElement json, JsonPointer at, List<FieldError> errors)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                var seen = new HashSet<string>(StringComparer.Ordinal);
                foreach (var field in StrictJson.Fields(json, at, errors))
                {
                    if (!seen.Add(field.Name))
                    {
                        errors.Add(at.To(field.Name).Error("is repeated"));
                    }

                    Check(field.Value, at.To(field.Name), errors);
                }

                break;
            case JsonValueKind.Array:
                foreach (var (index, item) in json.EnumerateArray().Index())
                {
                    Check(item, at.To(index), errors);
                }

                break;
            case JsonValueKind.String when !StrictJson.IsText(json):
                errors.Add(at.Error("is not valid Unicode"));
                break;
        }
    }
}
