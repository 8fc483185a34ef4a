using System.Text;
using System.Text.Json;
using OvnNestApi.Http;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>The writable fields of a resource as JSON: for the change log, and as the target of a merge patch.</summary>
internal static class ResourceDocument
{
    /// <summary>Returns a JSON object with name, description, labels and the spec as sent.</summary>
    public static string Of(Resource resource) => Of(resource.Name, resource.Description, resource.Labels, resource.Spec);

    public static string Of(string name, string? description, IReadOnlyDictionary<string, string>? labels, string spec)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            if (description is not null)
            {
                json.WriteString("description", description);
            }

            if (labels is not null)
            {
                json.WritePropertyName("labels");
                JsonSerializer.Serialize(json, labels, ApiJson.Options);
            }

            json.WritePropertyName("spec");
            json.WriteRawValue(spec);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
