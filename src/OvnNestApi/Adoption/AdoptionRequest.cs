using System.Buffers;
using System.Text.Json;
using OvnNestApi.Http;
using OvnNestApi.Manifests;
using OvnNestApi.Problems;
using OvnNestApi.Resources;

namespace OvnNestApi.Adoption;

/// <summary>Reads the body of a request to adopt rows: a manifest whose items name rows.</summary>
internal sealed class AdoptionRequest
{
    private readonly List<FieldError> _errors = [];
    private readonly HashSet<Guid> _seen = [];
    private readonly List<(Guid? Row, Guid? Dhcp)> _rows = [];

    private AdoptionRequest() { }

    /// <summary>Returns the requests to create the resources, or all errors in the body.</summary>
    public static Answer<IReadOnlyList<(ResourceKind Kind, Submission Submission)>> Read(ResourceKinds kinds, JsonElement body) =>
        body.ValueKind == JsonValueKind.Object
            ? new AdoptionRequest().ReadBody(kinds, body)
            : Problem.ValidationFailed("#", "an object is expected");

    private Answer<IReadOnlyList<(ResourceKind Kind, Submission Submission)>> ReadBody(ResourceKinds kinds, JsonElement body)
    {
        var manifest = ManifestOf(body);
        if (_errors.Count > 0)
        {
            return Problem.ValidationFailed(_errors);
        }

        if (!Manifest.Read(kinds, [manifest]).TryGet(out var submissions, out var problem))
        {
            return problem;
        }

        var adopting = submissions.Zip(_rows, (one, rows) => (one.Kind, Adopting(one.Kind, one.Submission, rows))).ToList();
        return _errors.Count > 0 ? Problem.ValidationFailed(_errors) : adopting;
    }

    private Submission Adopting(ResourceKind kind, Submission submission, (Guid? Row, Guid? Dhcp) rows)
    {
        if (rows.Row is not null && kind.Name is not ("network" or "vm" or "container"))
        {
            _errors.Add(new($"{submission.At}/row", $"a {kind.Noun} cannot take over a row"));
        }

        if (rows.Dhcp is not null && (rows.Row is null || kind.Name is not "network"))
        {
            _errors.Add(new($"{submission.At}/dhcpRow", "is allowed only for a network with a row"));
        }

        // What exists already cannot take over a row.
        return rows.Row is { } row ? submission with { Adopts = new(row, rows.Dhcp), CreateOnly = true } : submission;
    }

    /// <summary>Returns the manifest in the body: without rows, and without what only the list of adoptions contains.</summary>
    private JsonElement ManifestOf(JsonElement body)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var field in StrictJson.Fields(body, JsonPointer.Root, _errors).Where(field => field.Name is not "next"))
            {
                json.WritePropertyName(field.Name);
                if (field.Name is "items" && field.Value.ValueKind == JsonValueKind.Array)
                {
                    WriteItems(json, field.Value);
                }
                else
                {
                    WriteRaw(json, field.Value);
                }
            }

            json.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private void WriteItems(Utf8JsonWriter json, JsonElement items)
    {
        json.WriteStartArray();
        foreach (var item in items.EnumerateArray())
        {
            var (at, fields) = ($"#/items/{_rows.Count}", (List<JsonProperty>)[]);
            if (item.ValueKind != JsonValueKind.Object)
            {
                WriteRaw(json, item);
            }
            else
            {
                fields.AddRange(StrictJson.Fields(item, JsonPointer.Root.To("items").To(_rows.Count), _errors));
                json.WriteStartObject();
                foreach (var field in fields.Where(field => field.Name is not ("row" or "dhcpRow" or "defects")))
                {
                    json.WritePropertyName(field.Name);
                    WriteRaw(json, field.Value);
                }

                json.WriteEndObject();
            }

            _rows.Add((ReadUuid(fields, "row", at), ReadUuid(fields, "dhcpRow", at)));
        }

        json.WriteEndArray();
    }

    private Guid? ReadUuid(List<JsonProperty> fields, string name, string at)
    {
        if (fields.FindAll(field => field.Name == name) is not [var field, .. var more] || field.Value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (more.Count > 0 || field.Value.ValueKind != JsonValueKind.String || !field.Value.TryGetGuid(out var uuid))
        {
            _errors.Add(new($"{at}/{name}", "one UUID of a row is expected"));
            return null;
        }

        if (!_seen.Add(uuid))
        {
            _errors.Add(new($"{at}/{name}", "the row is in the request twice"));
        }

        return uuid;
    }

    // As it is, because a string in it need not be valid Unicode yet.
    private static void WriteRaw(Utf8JsonWriter json, JsonElement value) =>
        json.WriteRawValue(value.GetRawText(), skipInputValidation: true);
}
