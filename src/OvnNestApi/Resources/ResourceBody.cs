using System.Text.Json;
using OvnNestApi.Http;
using OvnNestApi.Problems;

namespace OvnNestApi.Resources;

/// <summary>What a client may send of an object. Left out or null: not asked for.</summary>
/// <typeparam name="TSpec">The kind's own fields.</typeparam>
public abstract record ResourceBody<TSpec>
    where TSpec : class, new()
{
    /// <summary>
    /// The object's name, unique among its kind. Needed by POST; in a PUT it may be left out, and must not differ from the URL's.
    /// </summary>
    [ValidName]
    public string? Name { get; init; }

    /// <summary>Free text for people.</summary>
    [Prose]
    public string? Description { get; init; }

    /// <summary>Labels to select objects by, as in Kubernetes.</summary>
    [LabelKey, LabelValue]
    public Dictionary<string, string>? Labels { get; init; }

    /// <summary>What is asked for. It is stored as sent: the server writes nothing into it.</summary>
    public TSpec? Spec { get; init; }

    /// <summary>Accepted and ignored, so that what was read can be sent back.</summary>
    public JsonElement? Status { get; init; }

    /// <summary>Accepted and ignored but for <c>id</c> and <c>revision</c>, which are a precondition when the object exists.</summary>
    public JsonElement? Metadata { get; init; }
}

/// <summary>A checked body together with the text that is stored.</summary>
/// <param name="Name">The name in the body; null when it has none.</param>
/// <param name="SpecText">The <c>spec</c> as sent, without insignificant white space.</param>
/// <param name="Spec">The same, typed.</param>
/// <param name="Expected">The id and revision that the sender saw; null when it tells none.</param>
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

        // Without a spec, its required fields are missing.
        if (body.Spec is null && !StrictJson.Read<TSpec>(Empty, JsonPointer.Root.To("spec")).TryGet(out _, out var missing))
        {
            return missing;
        }

        var text = body.Spec is null ? "{}" : JsonSerializer.Serialize(json.GetProperty("spec"), ApiJson.Options);
        return new SubmittedResource<TSpec>(body.Name, body.Description, body.Labels, text, body.Spec ?? new(), seen);
    }
}

/// <summary>Which version of an object a body was made from: <c>metadata.id</c> and <c>metadata.revision</c>.</summary>
internal sealed record SeenVersion(Guid? Id, long? Revision)
{
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

        Guid? id = null;
        long? revision = null;
        if (json.TryGetProperty("id", out var idJson) && idJson.ValueKind != JsonValueKind.Null)
        {
            id = idJson.ValueKind == JsonValueKind.String && idJson.TryGetGuid(out var parsed) ? parsed : null;
            if (id is null)
            {
                errors.Add(new("#/metadata/id", "a UUID is expected"));
            }
        }

        if (json.TryGetProperty("revision", out var revisionJson) && revisionJson.ValueKind != JsonValueKind.Null)
        {
            revision = revisionJson.ValueKind == JsonValueKind.Number && revisionJson.TryGetInt64(out var parsed) ? parsed : null;
            if (revision is null)
            {
                errors.Add(new("#/metadata/revision", "a whole number is expected"));
            }
        }

        return (id is null && revision is null ? null : new(id, revision), errors);
    }
}
