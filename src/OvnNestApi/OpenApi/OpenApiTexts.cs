using System.Text.RegularExpressions;
using Microsoft.OpenApi;
using OvnNestApi.Resources;

namespace OvnNestApi.OpenApi;

/// <summary>
/// Joins the wrapped lines of summaries and descriptions; blank lines and list items stay. Replaces <c>{kinds}</c> by the names of the
/// kinds in the lock order, and <c>{kinds by tag}</c> by their names in the order of the tags.
/// </summary>
internal sealed partial class OpenApiTexts : OpenApiVisitorBase
{
    private readonly string _kinds;
    private readonly string _kindsByTag;

    private OpenApiTexts(IReadOnlyList<ResourceKind> kinds) => (_kinds, _kindsByTag) = (Names(kinds), Names(OpenApiDocuments.ByTag(kinds)));

    public static void Complete(OpenApiDocument document, IReadOnlyList<ResourceKind> kinds)
    {
        var texts = new OpenApiTexts(kinds);
        document.Info.Description = texts.Complete(document.Info.Description);
        new OpenApiWalker(texts).Walk(document);
    }

    public override void Visit(OpenApiOperation operation)
    {
        operation.Summary = Complete(operation.Summary);
        operation.Description = Complete(operation.Description);
    }

    public override void Visit(IOpenApiParameter parameter) => CompleteDescription(parameter);

    public override void Visit(IOpenApiRequestBody requestBody) => CompleteDescription(requestBody);

    public override void Visit(IOpenApiHeader header) => CompleteDescription(header);

    public override void Visit(OpenApiResponses response)
    {
        foreach (var one in response.Values.OfType<OpenApiResponse>())
        {
            CompleteDescription(one);
        }
    }

    public override void Visit(IOpenApiSchema schema) => CompleteDescription(schema);

    public override void Visit(IOpenApiReferenceHolder referenceHolder)
    {
        // Without a description of its own, a reference shows its target's: nothing to set.
        if (referenceHolder is OpenApiSchemaReference { Reference.Description: { } description } reference)
        {
            reference.Description = Complete(description);
        }
    }

    private void CompleteDescription(IOpenApiDescribedElement element) => element.Description = Complete(element.Description);

    private string? Complete(string? text) =>
        text is null
            ? null
            : Whitespace()
                .Replace(text.Trim(), Separator)
                .Replace("{kinds}", _kinds, StringComparison.Ordinal)
                .Replace("{kinds by tag}", _kindsByTag, StringComparison.Ordinal);

    /// <summary>Returns the names as "a, b or c".</summary>
    private static string Names(IEnumerable<ResourceKind> kinds)
    {
        var names = kinds.Select(kind => kind.Name).ToArray();
        return $"{string.Join(", ", names[..^1])} or {names[^1]}";
    }

    private static string Separator(Match whitespace) =>
        whitespace.Value.Count(character => character == '\n') switch
        {
            0 => " ",
            1 => whitespace.Groups["item"].Success ? "\n" : " ",
            _ => "\n\n",
        };

    [GeneratedRegex(@"\s+(?<item>(?=[-*] ))?")]
    private static partial Regex Whitespace();
}
