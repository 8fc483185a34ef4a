using System.Text;
using System.Text.Json;
using OvnNestApi.Http;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>What can be written of an object, as the change log keeps it and a patch begins with it.</summary>
internal static class ResourceDocument
{
    /// <summary>A JSON object: name, description, labels, spec as sent.</summary>
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
