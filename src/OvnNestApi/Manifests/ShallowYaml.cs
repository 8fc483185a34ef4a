using OvnNestApi.Http;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace OvnNestApi.Manifests;

/// <summary>
/// Passes on the events of a YAML parser. Throws <see cref="YamlException"/> at what costs unlimited stack or time when nodes are built
/// from the events: deep nesting, and keys that are not strings, whose hash codes include all nodes that they contain or refer to.
/// </summary>
internal sealed class ShallowYaml(IParser parser) : IParser
{
    // For each open collection: true if its next node is a key, false if it is a value, null if it is an item of a sequence.
    private readonly Stack<bool?> _open = [];

    /// <inheritdoc/>
    public ParsingEvent? Current => parser.Current;

    /// <inheritdoc/>
    public bool MoveNext()
    {
        if (!parser.MoveNext())
        {
            return false;
        }

        switch (parser.Current)
        {
            case MappingEnd or SequenceEnd:
                _open.Pop();
                break;
            case NodeEvent or AnchorAlias:
                Check(parser.Current);
                break;
        }

        return true;
    }

    private void Check(ParsingEvent node)
    {
        if (_open.TryPop(out var isKey))
        {
            if (isKey is true && node is not Scalar)
            {
                throw new YamlException(node.Start, node.End, "A key must be a string.");
            }

            _open.Push(!isKey);
        }

        if (node is MappingStart or SequenceStart)
        {
            _open.Push(node is MappingStart ? true : null);
            if (_open.Count > ApiJson.MaxDepth)
            {
                throw new YamlException(node.Start, node.End, $"The body is nested more than {ApiJson.MaxDepth} levels deep.");
            }
        }
    }
}
