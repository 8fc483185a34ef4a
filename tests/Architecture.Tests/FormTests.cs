using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using TestServers;

namespace Architecture.Tests;

/// <summary>The form of the source. <c>./dev check</c> also limits the length of lines and files.</summary>
[Trait("Kind", "pure")]
public sealed class FormTests
{
    private const int LongestMethod = 40;

    private static readonly List<SyntaxNode> Roots = [.. SourceFiles.In("src").Select(Root)];

    [Fact]
    public void Fewer_than_ten_methods_are_long() =>
        IsShorterThan(
            10,
            Nodes<SyntaxNode>()
                .Where(node => node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax)
                .Where(node => Lines(node) > LongestMethod)
                .Select(node => $"{Place(node)}: {Lines(node)} lines")
        );

    [Fact]
    public void A_statement_with_more_than_two_cases_uses_a_switch() =>
        IsShorterThan(1, Nodes<ConditionalExpressionSyntax>().Where(ContainsAnother).Select(Place));

    [Fact]
    public void A_cancellation_token_is_the_last_parameter_and_has_one_name() =>
        IsShorterThan(
            1,
            Nodes<ParameterListSyntax>()
                .Where(list => list.Parent is not TypeDeclarationSyntax)
                .SelectMany(list => list.Parameters.Where(IsToken).Where(token => !IsStandardToken(list, token)))
                .Select(Place)
        );

    [Fact]
    public void Log_messages_have_one_form_and_stand_at_the_end_of_their_type() =>
        IsShorterThan(1, Nodes<TypeDeclarationSyntax>().SelectMany(IrregularLogMethods).Select(Place));

    [Fact]
    public void No_source_suppresses_a_nullable_warning() =>
        IsShorterThan(
            1,
            Nodes<PostfixUnaryExpressionSyntax>().Where(node => node.IsKind(SyntaxKind.SuppressNullableWarningExpression)).Select(Place)
        );

    private static void IsShorterThan(int limit, IEnumerable<string> places)
    {
        var found = places.ToList();
        Assert.True(found.Count < limit, string.Join('\n', found.Prepend($"{found.Count} places:")));
    }

    /// <summary>Returns true if an operand contains another conditional expression, outside of lambdas.</summary>
    private static bool ContainsAnother(ConditionalExpressionSyntax node) =>
        node.DescendantNodes(inner => inner is not LambdaExpressionSyntax).OfType<ConditionalExpressionSyntax>().Any();

    private static bool IsToken(ParameterSyntax parameter) =>
        parameter.Type is IdentifierNameSyntax { Identifier.Text: "CancellationToken" };

    /// <summary>Only a params array can follow the token.</summary>
    private static bool IsStandardToken(ParameterListSyntax list, ParameterSyntax token) =>
        token.Identifier.Text == "cancellationToken"
        && list.Parameters.Last(parameter => !parameter.Modifiers.Any(SyntaxKind.ParamsKeyword)) == token;

    /// <summary>Returns the log methods that are not private, have another attribute form, or have an ordinary member after them.</summary>
    private static IEnumerable<MemberDeclarationSyntax> IrregularLogMethods(TypeDeclarationSyntax type)
    {
        var last = type.Members.Where(member => LogAttribute(member) is null).Select(member => member.SpanStart).DefaultIfEmpty().Max();
        return type.Members.Where(member =>
            LogAttribute(member) is { } attribute
            && (member.SpanStart < last || !member.Modifiers.Any(SyntaxKind.PrivateKeyword) || !HasLevelAndText(attribute))
        );
    }

    private static AttributeSyntax? LogAttribute(MemberDeclarationSyntax member) =>
        member.AttributeLists.SelectMany(list => list.Attributes).FirstOrDefault(attribute => attribute.Name.ToString() == "LoggerMessage");

    private static bool HasLevelAndText(AttributeSyntax attribute) =>
        attribute.ArgumentList?.Arguments is [{ NameEquals: null, NameColon: null }, { NameEquals: null, NameColon: null }];

    private static IEnumerable<T> Nodes<T>()
        where T : SyntaxNode => Roots.SelectMany(root => root.DescendantNodes().OfType<T>());

    /// <summary>Counts the lines from the signature to the closing brace, without the documentation above.</summary>
    private static int Lines(SyntaxNode node)
    {
        var span = node.SyntaxTree.GetLineSpan(node.Span);
        return span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
    }

    private static SyntaxNode Root(string file) => CSharpSyntaxTree.ParseText(File.ReadAllText(file), path: file).GetRoot();

    private static string Place(SyntaxNode node)
    {
        var line = node.SyntaxTree.GetLineSpan(node.Span).StartLinePosition.Line + 1;
        return $"{Path.GetRelativePath(Programs.Root, node.SyntaxTree.FilePath)}:{line}";
    }
}
