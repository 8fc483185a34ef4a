using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using OvnNestApi.Http;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace OvnNestApi.Manifests;

/// <summary>Writes the items of a manifest one after the other.</summary>
internal abstract class ManifestFormat(PipeWriter output)
{
    /// <summary>Size from which written bytes are sent.</summary>
    private const int SendAt = 64 * 1024;

    protected PipeWriter Output => output;

    public abstract void Begin();

    public abstract void Write(ManifestItem item);

    public abstract void End();

    /// <summary>Sends what was written, if it is much.</summary>
    public async ValueTask SendAsync(CancellationToken cancellationToken)
    {
        if (output.UnflushedBytes >= SendAt)
        {
            await output.FlushAsync(cancellationToken);
        }
    }
}

/// <summary>A manifest as JSON.</summary>
internal sealed class JsonManifest(PipeWriter output) : ManifestFormat(output)
{
    private bool _hasItems;

    public override void Begin() => Output.Write("{\"items\":["u8);

    public override void Write(ManifestItem item)
    {
        if (_hasItems)
        {
            Output.Write(","u8);
        }

        _hasItems = true;
        using var json = new Utf8JsonWriter((IBufferWriter<byte>)Output, new() { Encoder = ApiJson.Options.Encoder });
        JsonSerializer.Serialize(json, item, ApiJson.Options);
    }

    public override void End() => Output.Write("]}"u8);
}

/// <summary>A manifest as YAML: one document for each resource.</summary>
internal sealed class YamlManifest(PipeWriter output) : ManifestFormat(output)
{
    public override void Begin() { }

    public override void Write(ManifestItem item)
    {
        using var text = new StringWriter { NewLine = "\n" };
        var yaml = new Emitter(text);
        yaml.Emit(new StreamStart());
        yaml.Emit(new DocumentStart(null, null, isImplicit: false));
        Emit(yaml, JsonSerializer.SerializeToElement(item, ApiJson.Options));
        yaml.Emit(new DocumentEnd(isImplicit: true));
        yaml.Emit(new StreamEnd());
        Output.Write(Encoding.UTF8.GetBytes(text.ToString()));
    }

    public override void End() { }

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
