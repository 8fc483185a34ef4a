using System.Buffers;
using System.Text;
using System.Text.Json;
using OvnNestApi.Http;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace OvnNestApi.Manifests;

/// <summary>Writes the items of a manifest one after the other.</summary>
internal abstract class ManifestFormat(IBufferWriter<byte> output)
{
    protected IBufferWriter<byte> Output => output;

    public abstract void Write(ManifestItem item);

    public abstract void End();
}

/// <summary>A manifest as JSON.</summary>
internal sealed class JsonManifest(IBufferWriter<byte> output) : ManifestFormat(output)
{
    private bool _hasItems;

    public override void Write(ManifestItem item)
    {
        Output.Write(_hasItems ? ","u8 : "{\"items\":["u8);
        _hasItems = true;
        using var json = new Utf8JsonWriter(Output, new() { Encoder = ApiJson.Options.Encoder });
        JsonSerializer.Serialize(json, item, ApiJson.Options);
    }

    public override void End() => Output.Write(_hasItems ? "]}"u8 : "{\"items\":[]}"u8);
}

/// <summary>A manifest as YAML: one document for each resource.</summary>
internal sealed class YamlManifest(IBufferWriter<byte> output) : ManifestFormat(output)
{
    private bool _hasItems;

    public override void Write(ManifestItem item)
    {
        _hasItems = true;
        using var text = new StringWriter { NewLine = "\n" };
        var yaml = new Emitter(text);
        yaml.Emit(new StreamStart());
        yaml.Emit(new DocumentStart(null, null, isImplicit: false));
        Emit(yaml, JsonSerializer.SerializeToElement(item, ApiJson.Options));
        yaml.Emit(new DocumentEnd(isImplicit: true));
        yaml.Emit(new StreamEnd());
        Output.Write(Encoding.UTF8.GetBytes(text.ToString()));
    }

    // An empty stream could be mistaken for a failure, and is not accepted by POST.
    public override void End() => Output.Write(_hasItems ? ""u8 : "items: []\n"u8);

    private static void Emit(Emitter yaml, JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                yaml.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, isImplicit: true, MappingStyle.Block));
                foreach (var field in json.EnumerateObject())
                {
                    Emit(yaml, field.Name);
                    Emit(yaml, field.Value);
                }

                yaml.Emit(new MappingEnd());
                break;
            case JsonValueKind.Array:
                yaml.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, isImplicit: true, SequenceStyle.Block));
                foreach (var item in json.EnumerateArray())
                {
                    Emit(yaml, item);
                }

                yaml.Emit(new SequenceEnd());
                break;
            case JsonValueKind.String:
                Emit(yaml, json.GetString() ?? "");
                break;
            default:
                yaml.Emit(new Scalar(json.GetRawText()));
                break;
        }
    }

    /// <summary>Writes a string. A plain scalar that is not a string by the rules of YAML 1.1 or 1.2 is quoted.</summary>
    private static void Emit(Emitter yaml, string text)
    {
        var style = YamlJson.IsPlainString(text) ? ScalarStyle.Any : ScalarStyle.DoubleQuoted;
        yaml.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, style, isPlainImplicit: true, isQuotedImplicit: true));
    }
}
