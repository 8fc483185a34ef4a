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
    private const int LongestFile = 450;

    public static TheoryData<string> Folders => ["src", "migrations", "tests"];

    [Fact]
    public void The_number_of_long_methods_does_not_grow()
    {
        var methods = SourceFiles.In("src").SelectMany(LongMethods).ToList();
        Assert.True(
            methods.Count < 60,
            string.Join('\n', methods.Prepend($"{methods.Count} methods have more than {LongestMethod} lines:"))
        );
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void No_file_is_too_long(string folder) =>
        Assert.Empty(SourceFiles.In(folder).Where(file => File.ReadLines(file).Count() > LongestFile).Select(Relative));

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
