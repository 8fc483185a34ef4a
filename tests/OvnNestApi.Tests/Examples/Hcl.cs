using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace OvnNestApi.Tests.Examples;

/// <summary>A block of a Terraform file.</summary>
/// <param name="Attributes">Values by name. A reference is the string <c>${reference}</c>, and <c>jsonencode</c> is its argument.</param>
internal sealed record HclBlock(
    string Type,
    IReadOnlyList<string> Labels,
    IReadOnlyDictionary<string, JsonNode?> Attributes,
    IReadOnlyList<HclBlock> Blocks
);

/// <summary>Reads the part of Terraform's language that the example needs: blocks, attributes, literals, references, jsonencode.</summary>
internal sealed partial class Hcl
{
    private readonly List<string> _tokens;
    private int _next;

    private Hcl(string text) =>
        _tokens = [.. Token().Matches(text).Select(match => match.Value).Where(token => token[0] is not ('#' or ' ' or '\n'))];

    /// <summary>Reads the blocks of a file.</summary>
    public static IReadOnlyList<HclBlock> Read(string text)
    {
        var reader = new Hcl(text);
        List<HclBlock> blocks = [];
        while (reader._next < reader._tokens.Count)
        {
            blocks.Add(reader.Block(reader.Take()));
        }

        return blocks;
    }

    private HclBlock Block(string type)
    {
        List<string> labels = [];
        while (Peek() != "{")
        {
            labels.Add(Unquote(Take()));
        }

        Take("{");
        Dictionary<string, JsonNode?> attributes = [];
        List<HclBlock> blocks = [];
        while (Peek() != "}")
        {
            var name = Take();
            if (Peek() == "=")
            {
                Take("=");
                attributes[name] = Value();
            }
            else
            {
                blocks.Add(Block(name));
            }
        }

        Take("}");
        return new(type, labels, attributes, blocks);
    }

    private JsonNode? Value()
    {
        var token = Take();
        switch (token)
        {
            case "{":
                return Object();
            case "[":
                return Array();
            case "true" or "false":
                return token == "true";
            case "null":
                return null;
            case "jsonencode":
                Take("(");
                var argument = Value();
                Take(")");
                return argument;
            case ['"', ..]:
                return Unquote(token);
            case [>= '0' and <= '9', ..]:
                return long.Parse(token, CultureInfo.InvariantCulture);
            default:
                return $"${{{token}}}";
        }
    }

    private JsonObject Object()
    {
        var value = new JsonObject();
        while (Peek() != "}")
        {
            var name = Unquote(Take());
            Take("=");
            value[name] = Value();
            SkipComma();
        }

        Take("}");
        return value;
    }

    private JsonArray Array()
    {
        var value = new JsonArray();
        while (Peek() != "]")
        {
            value.Add(Value());
            SkipComma();
        }

        Take("]");
        return value;
    }

    private static string Unquote(string token) => token.Trim('"');

    private string Peek() => _tokens[_next];

    private string Take() => _tokens[_next++];

    private void Take(string expected) => Assert.Equal(expected, Take());

    private void SkipComma()
    {
        if (Peek() == ",")
        {
            Take();
        }
    }

    /// <summary>A comment, white space, a string without escapes, a number, a name or reference, or another character.</summary>
    [GeneratedRegex("""#[^\n]*|\s+|"[^"\\]*"|\d+|[A-Za-z_][\w.-]*|.""")]
    private static partial Regex Token();
}
