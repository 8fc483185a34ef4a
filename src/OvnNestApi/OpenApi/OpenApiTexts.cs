using System.Text.RegularExpressions;
using Microsoft.OpenApi;

namespace OvnNestApi.OpenApi;

/// <summary>Joins the wrapped lines of summaries and descriptions. Blank lines and list items stay.</summary>
internal sealed partial class OpenApiTexts : OpenApiVisitorBase
{
    public static void Unwrap(OpenApiDocument document)
    {
        document.Info.Description = Unwrap(document.Info.Description);
        new OpenApiWalker(new OpenApiTexts()).Walk(document);
    }

    public override void Visit(OpenApiOperation operation)
    {
        operation.Summary = Unwrap(operation.Summary);
        operation.Description = Unwrap(operation.Description);
    }

    public override void Visit(IOpenApiParameter parameter) => UnwrapDescription(parameter);

    public override void Visit(IOpenApiRequestBody requestBody) => UnwrapDescription(requestBody);

    public override void Visit(IOpenApiHeader header) => UnwrapDescription(header);

    public override void Visit(OpenApiResponses response)
    {
        foreach (var one in response.Values.OfType<OpenApiResponse>())
        {
            UnwrapDescription(one);
        }
    }

    public override void Visit(IOpenApiSchema schema) => UnwrapDescription(schema);

    public override void Visit(IOpenApiReferenceHolder referenceHolder)
    {
        // Without a description of its own, a reference shows its target's: nothing to set.
        if (referenceHolder is OpenApiSchemaReference { Reference.Description: { } description } reference)
        {
            reference.Description = Unwrap(description);
        }
    }

    private static void UnwrapDescription(IOpenApiDescribedElement element) => element.Description = Unwrap(element.Description);

    private static string? Unwrap(string? text) => text is null ? null : Whitespace().Replace(text.Trim(), Separator);

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
