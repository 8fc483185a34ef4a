using System.Text.Json;
using System.Text.RegularExpressions;

namespace OvnNestApi.Tests.OpenApi;

/// <summary>
/// Finds the changes of an OpenAPI document that break clients of the former one: something was removed, a request must have more, or a
/// type has changed. Responses may get new fields and new values of enumerations.
/// </summary>
internal sealed partial class BreakingChanges
{
    private readonly SchemaChanges _schemas;
    private readonly JsonElement _before;
    private readonly JsonElement _after;
    private readonly List<string> _found = [];

    private BreakingChanges(JsonElement before, JsonElement after) =>
        (_before, _after, _schemas) = (before, after, new(before, after, _found));

    /// <summary>Returns a sentence for each breaking change.</summary>
    public static IReadOnlyList<string> Find(JsonElement before, JsonElement after)
    {
        var changes = new BreakingChanges(before, after);
        changes.ComparePaths();
        return [.. changes._found.Distinct()];
    }

    /// <summary>The value of a member; undefined if it is absent.</summary>
    public static JsonElement Get(JsonElement value, params string[] names) =>
        names.Aggregate(value, (at, name) =>
            at.ValueKind == JsonValueKind.Object && at.TryGetProperty(name, out var next) ? next : default
        );

    public static IEnumerable<JsonProperty> Members(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : [];

    public static IEnumerable<JsonElement> Elements(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [];

    private void ComparePaths()
    {
        // The name of a parameter in a path does not matter to clients.
        var paths = Members(Get(_after, "paths")).ToDictionary(path => Parameter().Replace(path.Name, "{}"), path => path.Value);
        foreach (var path in Members(Get(_before, "paths")))
        {
            var operations = paths.GetValueOrDefault(Parameter().Replace(path.Name, "{}"));
            foreach (var operation in path.Value.EnumerateObject())
            {
                var what = $"{operation.Name.ToUpperInvariant()} {path.Name}";
                if (Get(operations, operation.Name) is { ValueKind: JsonValueKind.Object } now)
                {
                    CompareParameters(what, operation.Value, now);
                    CompareBody(what, Get(operation.Value, "requestBody"), Get(now, "requestBody"));
                    CompareResponses(what, Get(operation.Value, "responses"), Get(now, "responses"));
                }
                else
                {
                    _found.Add($"{what} was removed.");
                }
            }
        }
    }

    private void CompareParameters(string what, JsonElement before, JsonElement after)
    {
        var former = Parameters(before);
        var current = Parameters(after);
        foreach (var (name, parameter) in former)
        {
            if (current.TryGetValue(name, out var now))
            {
                _schemas.Compare($"{what}: parameter {name}", Get(parameter, "schema"), Get(now, "schema"), isRequest: true);
            }
            else
            {
                _found.Add($"{what}: parameter {name} was removed.");
            }
        }

        var required = current.Where(parameter => IsRequired(parameter.Value)).Select(parameter => parameter.Key);
        _found.AddRange(
            required
                .Where(name => !former.TryGetValue(name, out var parameter) || !IsRequired(parameter))
                .Select(name => $"{what}: parameter {name} is required now.")
        );
    }

    private void CompareBody(string what, JsonElement before, JsonElement after)
    {
        if (IsRequired(after) && !IsRequired(before))
        {
            _found.Add($"{what}: a body is required now.");
        }

        CompareContent($"{what}: body", Get(before, "content"), Get(after, "content"), isRequest: true);
    }

    private void CompareResponses(string what, JsonElement before, JsonElement after)
    {
        foreach (var response in Members(before))
        {
            if (Get(after, response.Name) is { ValueKind: JsonValueKind.Object } now)
            {
                var (former, current) = (_schemas.Former(response.Value), _schemas.Current(now));
                CompareContent($"{what}: {response.Name}", Get(former, "content"), Get(current, "content"), isRequest: false);
            }
            else
            {
                _found.Add($"{what}: status {response.Name} was removed.");
            }
        }
    }

    private void CompareContent(string what, JsonElement before, JsonElement after, bool isRequest)
    {
        foreach (var content in Members(before))
        {
            if (Get(after, content.Name) is { ValueKind: JsonValueKind.Object } now)
            {
                _schemas.Compare($"{what}", Get(content.Value, "schema"), Get(now, "schema"), isRequest);
            }
            else
            {
                _found.Add($"{what}: media type {content.Name} was removed.");
            }
        }
    }

    /// <summary>The parameters in query and headers. Those in the path belong to the path.</summary>
    private static Dictionary<string, JsonElement> Parameters(JsonElement operation) =>
        Elements(Get(operation, "parameters"))
            .Where(parameter => Get(parameter, "in").GetString() != "path")
            .ToDictionary(parameter => Get(parameter, "name").GetString() ?? "");

    private static bool IsRequired(JsonElement part) => Get(part, "required").ValueKind == JsonValueKind.True;

    [GeneratedRegex(@"\{\w+\}")]
    private static partial Regex Parameter();
}
