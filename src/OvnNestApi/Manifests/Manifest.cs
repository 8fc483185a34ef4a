using System.Buffers;
using System.Text.Json;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Manifests;

/// <summary>Resources of any kinds, in any order. They can refer to each other.</summary>
public sealed record ManifestBody
{
    /// <summary>The resources.</summary>
    [Needed]
    public IReadOnlyList<ManifestItem>? Items { get; init; }
}

/// <summary>A resource in a manifest: the body of a PUT, and what its URL would contain.</summary>
public sealed record ManifestItem
{
    /// <summary>Kind of the resource: {kinds}.</summary>
    /// <example>container</example>
    [Needed]
    public string? Kind { get; init; }

    /// <summary>Name of the VM. Required for a container, not allowed for other kinds.</summary>
    /// <example>vm5</example>
    [ValidName]
    public string? Vm { get; init; }

    /// <summary>Name of the resource, unique within its kind (containers: within the VM).</summary>
    /// <example>c51</example>
    [Needed, ValidName]
    public string? Name { get; init; }

    /// <summary>Free text; the service does not interpret it.</summary>
    public string? Description { get; init; }

    /// <summary>Labels for selecting resources, with the syntax of Kubernetes labels.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Requested state, as in a PUT of the kind.</summary>
    public JsonElement? Spec { get; init; }
}

/// <summary>Reads the items of a manifest.</summary>
internal static class Manifest
{
    private const int MaxErrors = 100;

    /// <summary>Returns the requests to create or replace the resources of the documents, or all errors in them.</summary>
    /// <param name="documents">Each one resource, or an object with the field <c>items</c>.</param>
    public static Answer<IReadOnlyList<(ResourceKind Kind, Submission Submission)>> Read(
        ResourceKinds kinds,
        IReadOnlyList<JsonElement> documents
    )
    {
        if (documents.Count == 0)
        {
            return Problem.ValidationFailed("#/items", "is required");
        }

        var items = new List<JsonElement>();
        foreach (var document in documents)
        {
            if (!Items(document, isOnly: documents.Count == 1).TryGet(out var found, out var invalid))
            {
                return invalid;
            }

            items.AddRange(found);
        }

        var (submissions, problems) = (new List<(ResourceKind Kind, Submission Submission)>(items.Count), new List<Problem>());
        var seen = new HashSet<(string, ResourcePath)>();
        for (var i = 0; i < items.Count && problems.Count < MaxErrors; i++)
        {
            var at = $"#/items/{i}";
            if (!ReadItem(kinds, items[i], at).TryGet(out var item, out var problem))
            {
                problems.Add(problem.Below(at));
            }
            else if (!seen.Add((item.Kind.Name, item.Submission.Path)))
            {
                problems.Add(Problem.ValidationFailed("#/name", "the resource is in the manifest twice").Below(at));
            }
            else
            {
                submissions.Add(item);
            }
        }

        return Problem.Join(problems) is { } all ? all : submissions;
    }

    /// <summary>Returns the items of a document: those of <c>items</c>, or the document itself.</summary>
    private static Answer<List<JsonElement>> Items(JsonElement document, bool isOnly)
    {
        if (document.ValueKind != JsonValueKind.Object)
        {
            return Problem.ValidationFailed("#", "an object is expected");
        }

        if (!Fields(document).TryGet(out var fields, out var problem))
        {
            return problem;
        }

        if (!fields.TryGetValue("items", out var items))
        {
            return isOnly && !fields.ContainsKey("kind")
                ? Problem.ValidationFailed("#/items", "is required")
                : new List<JsonElement> { document };
        }

        return (items.ValueKind, fields.Keys.FirstOrDefault(field => field != "items")) switch
        {
            (not JsonValueKind.Array, _) => Problem.ValidationFailed("#/items", "an array is expected"),
            (_, { } other) => Problem.ValidationFailed(JsonPointer.Root.To(other).Text, "is not a known field"),
            _ => items.EnumerateArray().ToList(),
        };
    }

    /// <summary>Returns the fields of an object, or 400 if a name is repeated or not valid Unicode.</summary>
    private static Answer<Dictionary<string, JsonElement>> Fields(JsonElement json)
    {
        var (fields, errors) = (new Dictionary<string, JsonElement>(StringComparer.Ordinal), new List<FieldError>());
        foreach (var field in StrictJson.Fields(json, JsonPointer.Root, errors))
        {
            if (!fields.TryAdd(field.Name, field.Value))
            {
                errors.Add(JsonPointer.Root.To(field.Name).Error("is repeated"));
            }
        }

        return errors.Count > 0 ? Problem.ValidationFailed(errors) : fields;
    }

    private static Answer<(ResourceKind Kind, Submission Submission)> ReadItem(ResourceKinds kinds, JsonElement item, string at)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            return Problem.ValidationFailed("#", "an object is expected");
        }

        if (!Fields(item).TryGet(out var fields, out var problem))
        {
            return problem;
        }

        var (kindName, vm) = (Text(fields, "kind"), Text(fields, "vm"));
        if (kinds.All.FirstOrDefault(kind => kind.Name == kindName) is not { } kind)
        {
            var names = string.Join(", ", kinds.All.Select(one => one.Name));
            return Problem.ValidationFailed("#/kind", $"one of these is expected: {names}");
        }

        switch (kind.IsInVm, vm)
        {
            case (true, _) when !ResourceName.IsValid(vm):
                return Problem.InvalidName("VM", "#/vm");
            case (false, not null):
                return Problem.ValidationFailed("#/vm", $"is not allowed for a {kind.Noun}");
        }

        return kind.Read(Body(fields), vm, at).TryGet(out var submission, out problem) ? (kind, submission) : problem;
    }

    /// <summary>Returns the text of a field; "" if it is not a valid string, null if it is absent or null.</summary>
    private static string? Text(Dictionary<string, JsonElement> fields, string name)
    {
        var value = fields.GetValueOrDefault(name);
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.Undefined or JsonValueKind.Null => null,
                JsonValueKind.String => value.GetString(),
                _ => "",
            };
        }
        catch (InvalidOperationException)
        {
            return ""; // Half of a surrogate pair.
        }
    }

    /// <summary>Returns the item without the fields that a PUT has in its URL.</summary>
    private static JsonElement Body(Dictionary<string, JsonElement> fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in fields.Where(field => field.Key is not ("kind" or "vm")))
            {
                // As it is, because a string in it need not be valid Unicode yet.
                json.WritePropertyName(name);
                json.WriteRawValue(value.GetRawText(), skipInputValidation: true);
            }

            json.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }
}
