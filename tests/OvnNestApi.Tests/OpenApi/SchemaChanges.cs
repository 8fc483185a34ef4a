using System.Text.Json;
using static OvnNestApi.Tests.OpenApi.BreakingChanges;

namespace OvnNestApi.Tests.OpenApi;

/// <summary>Finds breaking changes of schemas. It does not compare patterns and limits of values.</summary>
/// <param name="found">Gets a sentence for each breaking change.</param>
internal sealed class SchemaChanges(JsonElement before, JsonElement after, List<string> found)
{
    /// <summary>The references that were compared already: schemas can contain themselves.</summary>
    private readonly HashSet<(string Before, string After, bool IsRequest)> _compared = [];

    /// <summary>Follows a reference in the former document.</summary>
    public JsonElement Former(JsonElement part) => Resolve(before, part);

    /// <summary>Follows a reference in the current document.</summary>
    public JsonElement Current(JsonElement part) => Resolve(after, part);

    /// <param name="isRequest">Whether clients send the value; else they receive it.</param>
    public void Compare(string what, JsonElement former, JsonElement current, bool isRequest)
    {
        if (Reference(former) is { } was && Reference(current) is { } now)
        {
            if (!_compared.Add((was, now, isRequest)))
            {
                return;
            }

            what = was.Split('/')[^1];
        }

        (former, current) = (Former(former), Current(current));
        CompareTypes(what, former, current, isRequest);
        CompareProperties(what, former, current, isRequest);
        foreach (var part in new[] { "items", "additionalProperties" })
        {
            if (Get(former, part).ValueKind == JsonValueKind.Object && Get(current, part).ValueKind == JsonValueKind.Object)
            {
                Compare($"{what}: {part}", Get(former, part), Get(current, part), isRequest);
            }
        }

        foreach (var part in new[] { "oneOf", "anyOf", "allOf" })
        {
            CompareAlternatives($"{what}: {part}", [.. Elements(Get(former, part))], [.. Elements(Get(current, part))], isRequest);
        }
    }

    private void CompareTypes(string what, JsonElement former, JsonElement current, bool isRequest)
    {
        var (was, now) = (Types(former), Types(current));
        var (sent, understood) = isRequest ? (was, now) : (now, was);
        if (understood.Count > 0 && !sent.IsSubsetOf(understood))
        {
            found.Add($"{what}: the type was {string.Join(" or ", was)}, and is {string.Join(" or ", now)} now.");
        }

        var values = Values(current);
        if (isRequest && values.Count > 0)
        {
            var removed = Values(former).Except(values).ToList();
            found.AddRange(removed.Select(value => $"{what}: the value {value} was removed."));
            if (Values(former).Count == 0)
            {
                found.Add($"{what}: only some values are possible now.");
            }
        }
    }

    private void CompareProperties(string what, JsonElement former, JsonElement current, bool isRequest)
    {
        foreach (var property in Members(Get(former, "properties")))
        {
            if (Get(current, "properties", property.Name) is { ValueKind: JsonValueKind.Object } now)
            {
                Compare($"{what}.{property.Name}", property.Value, now, isRequest);
            }
            else
            {
                found.Add($"{what}.{property.Name} was removed.");
            }
        }

        var (was, requires) = (Required(former), Required(current));
        found.AddRange(
            isRequest
                ? requires.Except(was).Select(name => $"{what}.{name} is required now.")
                : was.Except(requires).Select(name => $"{what}.{name} can be absent now.")
        );
    }

    private void CompareAlternatives(string what, List<JsonElement> former, List<JsonElement> current, bool isRequest)
    {
        if (isRequest ? current.Count < former.Count : current.Count > former.Count)
        {
            found.Add($"{what}: there were {former.Count} alternatives, and are {current.Count} now.");
        }

        foreach (var (was, now) in former.Zip(current))
        {
            Compare(what, was, now, isRequest);
        }
    }

    private static HashSet<string> Required(JsonElement schema) =>
        [.. Elements(Get(schema, "required")).Select(name => name.GetString() ?? "")];

    /// <summary>The values of an enumeration. Whether a value can be null is a matter of its type.</summary>
    private static HashSet<string> Values(JsonElement schema) =>
        [.. Elements(Get(schema, "enum")).Where(value => value.ValueKind != JsonValueKind.Null).Select(value => value.GetRawText())];

    /// <summary>The types of a schema; none if it does not say.</summary>
    private static HashSet<string> Types(JsonElement schema)
    {
        var type = Get(schema, "type");
        HashSet<string> types = type.ValueKind switch
        {
            JsonValueKind.String => [type.GetString() ?? ""],
            JsonValueKind.Array => [.. type.EnumerateArray().Select(one => one.GetString() ?? "")],
            _ => [.. Values(schema).Select(value => value.StartsWith('"') ? "string" : "number")],
        };
        return types;
    }

    private static string? Reference(JsonElement part) =>
        Get(part, "$ref") is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private static JsonElement Resolve(JsonElement document, JsonElement part) =>
        Reference(part) is { } reference ? Resolve(document, Get(document, reference.Split('/')[1..])) : part;
}
