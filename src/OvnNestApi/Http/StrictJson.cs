using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OvnNestApi.Problems;

namespace OvnNestApi.Http;

/// <summary>
/// Converts JSON to a record, or reports all errors: fields that are unknown, repeated, missing or of the wrong type, and values that the
/// validation attributes of the property reject. The OpenAPI document contains the same attributes. A field that is null counts as left
/// out.
/// </summary>
internal static class StrictJson
{
    private const int MaxErrors = 100;

    private static readonly ConcurrentDictionary<JsonPropertyInfo, List<ValidationAttribute>> RulesOf = new();

    /// <summary>Returns the value, or 400 <c>validation-failed</c>.</summary>
    /// <param name="at">Place of <paramref name="json"/> in the body; null if it is the whole body.</param>
    public static Answer<T> Read<T>(JsonElement json, JsonPointer? at = null)
        where T : class
    {
        var errors = new List<FieldError>();
        Check(json, typeof(T), at ?? JsonPointer.Root, [], errors);
        if (errors.Count > 0)
        {
            return Problem.ValidationFailed(errors.Take(MaxErrors).ToList());
        }

        return json.Deserialize<T>(ApiJson.Options) ?? throw new InvalidOperationException("A valid JSON object was deserialized as null.");
    }

    private static void Check(
        JsonElement json,
        Type type,
        JsonPointer at,
        IReadOnlyList<ValidationAttribute> rules,
        List<FieldError> errors
    )
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(JsonElement))
        {
            return;
        }

        var info = ApiJson.Options.GetTypeInfo(type);
        switch (info.Kind)
        {
            case JsonTypeInfoKind.Object when Is(json, JsonValueKind.Object, "an object is expected", at, errors):
                CheckObject(json, info, at, errors);
                break;
            case JsonTypeInfoKind.Dictionary when Is(json, JsonValueKind.Object, "an object is expected", at, errors):
                CheckMap(json, info, at, rules, errors);
                break;
            case JsonTypeInfoKind.Enumerable when Is(json, JsonValueKind.Array, "an array is expected", at, errors):
                CheckArray(json, info, at, rules, errors);
                break;
            case JsonTypeInfoKind.None:
                CheckValue(json, type, at, rules, errors);
                break;
        }
    }

    private static void CheckObject(JsonElement json, JsonTypeInfo info, JsonPointer at, List<FieldError> errors)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var field in Fields(json, at, errors))
        {
            var here = at.To(field.Name);
            if (!seen.Add(field.Name))
            {
                errors.Add(here.Error("is repeated"));
            }
            else if (info.Properties.FirstOrDefault(property => property.Name == field.Name) is not { } property)
            {
                errors.Add(here.Error("is not a known field"));
            }
            else if (field.Value.ValueKind != JsonValueKind.Null)
            {
                Check(field.Value, property.PropertyType, here, Rules(property), errors);
            }
            else if (Rules(property).Any(rule => rule is RequiredAttribute))
            {
                errors.Add(here.Error("is required"));
            }
        }

        foreach (
            var property in info.Properties.Where(property =>
                !seen.Contains(property.Name) && Rules(property).Any(rule => rule is RequiredAttribute)
            )
        )
        {
            errors.Add(at.To(property.Name).Error("is required"));
        }
    }

    private static void CheckMap(
        JsonElement json,
        JsonTypeInfo info,
        JsonPointer at,
        IReadOnlyList<ValidationAttribute> rules,
        List<FieldError> errors
    )
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in Fields(json, at, errors))
        {
            var here = at.To(entry.Name);
            if (!seen.Add(entry.Name))
            {
                errors.Add(here.Error("is repeated"));
            }
            else if (entry.Value.ValueKind == JsonValueKind.Null)
            {
                errors.Add(here.Error("must not be null"));
            }
            else
            {
                errors.AddRange(
                    rules.OfType<KeyRuleAttribute>().Where(rule => !rule.Admits(entry.Name)).Select(rule => here.Error(rule.Message))
                );
                Check(
                    entry.Value,
                    info.ElementType ?? typeof(string),
                    here,
                    rules.Where(rule => rule is not KeyRuleAttribute).ToList(),
                    errors
                );
            }
        }
    }

    private static void CheckArray(
        JsonElement json,
        JsonTypeInfo info,
        JsonPointer at,
        IReadOnlyList<ValidationAttribute> rules,
        List<FieldError> errors
    )
    {
        if (rules.OfType<MaxLengthAttribute>().FirstOrDefault() is { } limit && json.GetArrayLength() > limit.Length)
        {
            errors.Add(at.Error($"has more than {limit.Length} entries"));
            return;
        }

        var index = 0;
        var itemRules = rules.Where(rule => rule is not MaxLengthAttribute).ToList();
        foreach (var item in json.EnumerateArray())
        {
            Check(item, info.ElementType ?? typeof(object), at.To(index++), itemRules, errors);
        }
    }

    private static void CheckValue(
        JsonElement json,
        Type type,
        JsonPointer at,
        IReadOnlyList<ValidationAttribute> rules,
        List<FieldError> errors
    )
    {
        object? value;
        try
        {
            value = json.Deserialize(type, ApiJson.Options);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // InvalidOperationException: the string contains half of a surrogate pair.
            errors.Add(at.Error(Expected(type, e)));
            return;
        }

        // The converter also accepts other cases and lists of names; the OpenAPI document allows only the exact name.
        if (type.IsEnum && json.GetString() != JsonNamingPolicy.CamelCase.ConvertName(value?.ToString() ?? ""))
        {
            errors.Add(at.Error(Expected(type)));
            return;
        }

        errors.AddRange(rules.Where(rule => !rule.IsValid(value)).Select(rule => at.Error(rule.FormatErrorMessage(at.Name))));
    }

    /// <summary>Returns the fields. A field whose name is not valid Unicode is reported as an error and skipped.</summary>
    internal static IEnumerable<JsonProperty> Fields(JsonElement json, JsonPointer at, List<FieldError> errors)
    {
        foreach (var field in json.EnumerateObject())
        {
            bool isText;
            try
            {
                isText = field.Name is not null;
            }
            catch (InvalidOperationException)
            {
                isText = false;
            }

            if (isText)
            {
                yield return field;
            }
            else
            {
                errors.Add(at.Error("has a field whose name is not valid Unicode"));
            }
        }
    }

    /// <summary>Returns true if the string is valid Unicode, not half of a surrogate pair.</summary>
    internal static bool IsText(JsonElement json)
    {
        try
        {
            return json.GetString() is not null;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static bool Is(JsonElement json, JsonValueKind kind, string error, JsonPointer at, List<FieldError> errors)
    {
        if (json.ValueKind != kind)
        {
            errors.Add(at.Error(error));
        }

        return json.ValueKind == kind;
    }

    private static List<ValidationAttribute> Rules(JsonPropertyInfo property) =>
        RulesOf.GetOrAdd(property, static key =>
            key.AttributeProvider?.GetCustomAttributes(typeof(ValidationAttribute), inherit: true).Cast<ValidationAttribute>().ToList()
            ?? []
        );

    private static string Expected(Type type, Exception? e = null) =>
        type switch
        {
            _ when type == typeof(string) => "a string is expected",
            _ when type == typeof(bool) => "true or false is expected",
            _ when type == typeof(int) || type == typeof(long) => "a whole number is expected",
            _ when type == typeof(Guid) => "a UUID is expected",
            _ when type == typeof(DateTimeOffset) => "a time such as 2026-11-23T18:00:00Z is expected (RFC 3339)",
            { IsEnum: true } =>
                $"one of these is expected: {string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName))}",
            _ => e is JsonException { InnerException: null } and { Message: var message }
            && !message.Contains("Path:", StringComparison.Ordinal)
                ? message
                : "the value is not valid",
        };
}
