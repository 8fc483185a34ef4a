using System.Text.Json;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>Body of a write. A field that is null counts as left out.</summary>
/// <typeparam name="TSpec">Fields of the kind.</typeparam>
public abstract record ResourceBody<TSpec>
    where TSpec : class, new()
{
    /// <summary>
    /// Name of the resource, unique within its kind (containers: within the VM). POST requires it. A PUT can leave it out; otherwise it
    /// must equal the name in the URL.
    /// </summary>
    [ValidName]
    public string? Name { get; init; }

    /// <summary>Free text; the service does not interpret it.</summary>
    [Prose]
    public string? Description { get; init; }

    /// <summary>Labels for selecting resources in lists, with the syntax of Kubernetes labels.</summary>
    [LabelKey, LabelValue]
    public Dictionary<string, string>? Labels { get; init; }

    /// <summary>Requested state. It is stored as sent; the service never changes it.</summary>
    public TSpec? Spec { get; init; }

    /// <summary>Accepted and ignored, so that a response can be sent back as a body.</summary>
    public JsonElement? Status { get; init; }

    /// <summary>
    /// <c>id</c> and <c>revision</c> are a precondition if the resource exists. All other fields are accepted and ignored.
    /// </summary>
    public JsonElement? Metadata { get; init; }
}

/// <summary>A valid body, with the text of its spec that is stored.</summary>
/// <param name="Name">Name in the body; null if it was left out.</param>
/// <param name="SpecText">The <c>spec</c> as sent, as JSON without insignificant white space.</param>
/// <param name="Spec">The same spec, parsed.</param>
/// <param name="Expected">Version from <c>metadata</c>; null if the body has none.</param>
internal sealed record SubmittedResource<TSpec>(
    string? Name,
    string? Description,
    Dictionary<string, string>? Labels,
    string SpecText,
    TSpec Spec,
    SeenVersion? Expected
)
    where TSpec : class, new()
{
    private static readonly JsonElement Empty = JsonElement.Parse("{}");

    public static Answer<SubmittedResource<TSpec>> Read<TBody>(JsonElement json)
        where TBody : ResourceBody<TSpec>
    {
        if (!StrictJson.Read<TBody>(json).TryGet(out var body, out var problem))
        {
            return problem;
        }

        var (seen, wrong) = SeenVersion.Of(body.Metadata);
        if (wrong.Count > 0)
        {
            return Problem.ValidationFailed(wrong);
        }

        // A missing spec is an error only if the spec has required fields.
        if (body.Spec is null && !StrictJson.Read<TSpec>(Empty, JsonPointer.Root.To("spec")).TryGet(out _, out var missing))
        {
            return missing;
        }

        var text = body.Spec is null ? "{}" : JsonSerializer.Serialize(json.GetProperty("spec"), ApiJson.Options);
        return new SubmittedResource<TSpec>(body.Name, body.Description, body.Labels, text, body.Spec ?? new(), seen);
    }

    /// <summary>Returns true if the resource has these writable fields already.</summary>
    public bool IsStoredIn(Resource present) =>
        present.Description == Description && SameLabels(present.Labels, Labels) && HasSpecOf(present);

    /// <summary>Returns true if the resource has this spec already.</summary>
    public bool HasSpecOf(Resource present) =>
        present.Spec == SpecText || JsonElement.DeepEquals(JsonElement.Parse(present.Spec), JsonElement.Parse(SpecText));

    private static bool SameLabels(Dictionary<string, string>? a, Dictionary<string, string>? b) =>
        ReferenceEquals(a, b)
        || (
            a is not null
            && b is not null
            && a.Count == b.Count
            && a.All(label => b.TryGetValue(label.Key, out var value) && value == label.Value)
        );
}

/// <summary>Version of the resource that a body is based on: <c>metadata.id</c> and <c>metadata.revision</c>.</summary>
internal sealed record SeenVersion(Guid? Id, long? Revision)
{
    /// <summary>Returns 409 if the current resource is another incarnation or has another revision, else null.</summary>
    public Problem? Check(Resource? present) =>
        (present, this) switch
        {
            (null, _) => null,
            (_, { Id: { } id }) when id != present.Id => Problem.RevisionConflict(
                "#/metadata/id",
                $"The id of the current incarnation is {present.Id}. Read the resource again and repeat the change."
            ),
            (_, { Revision: { } revision }) when revision != present.Revision => Problem.RevisionConflict(
                "#/metadata/revision",
                $"The current revision is {present.Revision}. Read the resource again and repeat the change."
            ),
            _ => null,
        };

    public static (SeenVersion? Seen, List<FieldError> Errors) Of(JsonElement? metadata)
    {
        var errors = new List<FieldError>();
        if (metadata is not { ValueKind: not JsonValueKind.Null } json)
        {
            return (null, errors);
        }

        if (json.ValueKind != JsonValueKind.Object)
        {
            return (null, [new("#/metadata", "an object is expected")]);
        }

        var fields = StrictJson.Fields(json, JsonPointer.Root.To("metadata"), errors).ToLookup(field => field.Name, field => field.Value);
        var seen = new SeenVersion(
            Read<Guid>(fields["id"].LastOrDefault(), "#/metadata/id", "a UUID is expected", errors),
            Read<long>(fields["revision"].LastOrDefault(), "#/metadata/revision", "a whole number is expected", errors)
        );
        return (seen is { Id: null, Revision: null } ? null : seen, errors);
    }

    /// <summary>Returns the value, null if it is absent, null or not valid.</summary>
    private static T? Read<T>(JsonElement json, string pointer, string expected, List<FieldError> errors)
        where T : struct
    {
        if (json.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            return null;
        }

        try
        {
            return json.Deserialize<T>(ApiJson.Options);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // InvalidOperationException: the string contains half of a surrogate pair.
            errors.Add(new(pointer, expected));
            return null;
        }
    }
}
