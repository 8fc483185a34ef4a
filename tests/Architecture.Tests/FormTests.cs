using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using TestServers;

namespace Architecture.Tests;

/// <summary>Limits that keep a file readable.</summary>
[Trait("Kind", "pure")]
public sealed class FormTests
{
    private const int LongestMethod = 40;
    private const int LongestFile = 300;
    private const int LongestLine = 140;

    public static TheoryData<string> Folders => ["src", "migrations", "tests"];

    [Fact]
    public void Fewer_than_ten_methods_have_more_than_forty_lines()
    {
        var methods = SourceFiles.In("src").SelectMany(LongMethods).ToList();
        Assert.True(
            methods.Count < 10,
            string.Join('\n', methods.Prepend($"{methods.Count} methods have more than {LongestMethod} lines:"))
        );
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void No_file_has_more_than_three_hundred_lines(string folder) =>
        Assert.Empty(SourceFiles.In(folder).Where(file => File.ReadLines(file).Count() > LongestFile).Select(Relative));

    [Theory]
    [MemberData(nameof(Folders))]
    public void No_line_has_more_than_140_columns(string folder) =>
        Assert.Empty(
            SourceFiles
                .In(folder)
                .SelectMany(file =>
                    File.ReadLines(file).Where(line => line.Length > LongestLine).Select(line => $"{Relative(file)}: {line}")
                )
        );

    [Fact]
    public void A_token_parameter_has_one_name_and_comes_last()
    {
        string[] names = ["cancellationToken", "_"];
        var parameters = SourceFiles
            .In("src")
            .SelectMany(file => Root(file).DescendantNodes().OfType<ParameterListSyntax>())
            .SelectMany(list => list.Parameters.Where(parameter => parameter.Type?.ToString() == "CancellationToken"))
            .ToList();
        Assert.NotEmpty(parameters);
        Assert.Empty(parameters.Where(parameter => !names.Contains(parameter.Identifier.Text)).Select(Place));
        Assert.Empty(parameters.Where(parameter => FollowedByRequired(parameter)).Select(Place));
    }

    private static bool FollowedByRequired(ParameterSyntax parameter) =>
        parameter.Parent is ParameterListSyntax list
        && list.Parameters.SkipWhile(other => other != parameter)
            .Skip(1)
            .Any(other => other.Default is null && !other.Modifiers.Any(SyntaxKind.ParamsKeyword));

    private static IEnumerable<string> LongMethods(string file) =>
        Root(file)
            .DescendantNodes()
            .Where(node => node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax)
            .Where(node => Lines(node) > LongestMethod)
            .Select(node => $"{Place(node)}: {Lines(node)} lines");

    /// <summary>Counts the lines from the signature to the closing brace, without the documentation above.</summary>
    private static int Lines(SyntaxNode node)
    {
        var span = node.SyntaxTree.GetLineSpan(node.Span);
        return span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
    }

    private static SyntaxNode Root(string file) => CSharpSyntaxTree.ParseText(File.ReadAllText(file), path: file).GetRoot();

    private static string Place(SyntaxNode node) =>
        $"{Relative(node.SyntaxTree.FilePath)}:{node.SyntaxTree.GetLineSpan(node.Span).StartLinePosition.Line + 1}";

    private static string Relative(string file) => Path.GetRelativePath(Programs.Root, file);
}
