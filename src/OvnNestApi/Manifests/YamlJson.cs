using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace OvnNestApi.Manifests;

/// <summary>
/// Converts YAML to JSON by the core schema of YAML 1.2 (§10.3.2): only <c>true</c> and <c>false</c> are Boolean, and a value such as
/// <c>02:10</c> is a string.
/// </summary>
internal static partial class YamlJson
{
    /// <summary>White space that is lost at the end of a plain scalar, and characters that YAML allows only as escape sequences.</summary>
    private static readonly SearchValues<char> NeedsQuotes = SearchValues.Create('\t', '\ufeff', '\ufffe', '\uffff');

    /// <summary>Returns the documents, or 400 <c>malformed-json</c>.</summary>
    /// <param name="limit">Maximum size of the JSON in bytes: aliases can make it much larger than the YAML.</param>
    public static Answer<List<JsonElement>> Read(ReadOnlyMemory<byte> utf8, int limit)
    {
        var stream = new YamlStream();
        var text = utf8.Span.StartsWith(Encoding.UTF8.Preamble) ? utf8.Span[Encoding.UTF8.Preamble.Length..] : utf8.Span;
        try
        {
            stream.Load(new ShallowYaml(new Parser(new StringReader(Encoding.UTF8.GetString(text)))));
        }
        catch (YamlException e)
        {
            return Malformed(e.Start, e.InnerException?.Message ?? e.Message);
        }

        // One array, because the limit is that of all documents together.
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartArray();
        foreach (var document in stream.Documents.Where(document => !IsEmpty(document.RootNode)))
        {
            if (Write(json, document.RootNode, depth: 1, limit) is { } problem)
            {
                return problem;
            }
        }

        json.WriteEndArray();
        json.Flush();
        return JsonElement.Parse(buffer.WrittenSpan, new() { MaxDepth = ApiJson.MaxDepth + 1 }).EnumerateArray().ToList();
    }

    /// <summary>Returns true if readers of YAML 1.1 and 1.2 take the text for a string without quotes.</summary>
    public static bool IsPlainString(string text) =>
        text.Length > 0
        && (char.IsLetter(text[0]) || text[0] == '/')
        && !text.AsSpan().ContainsAny(NeedsQuotes)
        && !Reserved().IsMatch(text);

    private static bool IsEmpty(YamlNode node) => node is YamlScalarNode { Value: null or "", Style: ScalarStyle.Plain };

    private static Problem? Write(Utf8JsonWriter json, YamlNode node, int depth, int limit)
    {
        if (depth > ApiJson.MaxDepth)
        {
            return Malformed(node.Start, $"The body is nested more than {ApiJson.MaxDepth} levels deep.");
        }

        if (json.BytesCommitted + json.BytesPending > limit)
        {
            return Problem.BodyTooLarge(limit);
        }

        switch (node)
        {
            case YamlMappingNode mapping:
                return WriteMapping(json, mapping, depth, limit);
            case YamlSequenceNode sequence:
                json.WriteStartArray();
                foreach (var item in sequence)
                {
                    if (Write(json, item, depth + 1, limit) is { } problem)
                    {
                        return problem;
                    }
                }

                json.WriteEndArray();
                return null;
            case YamlScalarNode scalar:
                WriteScalar(json, scalar);
                return null;
            default:
                return Malformed(node.Start, "The alias has no anchor.");
        }
    }

    private static Problem? WriteMapping(Utf8JsonWriter json, YamlMappingNode mapping, int depth, int limit)
    {
        json.WriteStartObject();
        foreach (var (key, value) in mapping)
        {
            if (key is not YamlScalarNode { Value: { } name })
            {
                return Malformed(key.Start, "A key must be a string.");
            }

            json.WritePropertyName(name);
            if (Write(json, value, depth + 1, limit) is { } problem)
            {
                return problem;
            }
        }

        json.WriteEndObject();
        return null;
    }

    private static void WriteScalar(Utf8JsonWriter json, YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain || (!scalar.Tag.IsEmpty && scalar.Tag == "tag:yaml.org,2002:str"))
        {
            json.WriteStringValue(text);
            return;
        }

        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                json.WriteNullValue();
                break;
            case "true" or "True" or "TRUE":
                json.WriteBooleanValue(true);
                break;
            case "false" or "False" or "FALSE":
                json.WriteBooleanValue(false);
                break;
            case var _
                when WholeNumber().IsMatch(text)
                    && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n):
                json.WriteNumberValue(n);
                break;
            case var _
                when Fraction().IsMatch(text)
                    && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var d)
                    && double.IsFinite(d):
                json.WriteNumberValue(d);
                break;
            default:
                json.WriteStringValue(text);
                break;
        }
    }

    private static Problem Malformed(Mark at, string detail) =>
        Problem.MalformedJson($"The body is not valid YAML: see line {at.Line}, column {at.Column}. {detail}");

    [GeneratedRegex(@"^(null|true|false|yes|no|on|off|y|n)\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Reserved();

    [GeneratedRegex(@"^[-+]?[0-9]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex WholeNumber();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Fraction();
}
