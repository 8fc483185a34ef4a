using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using TestServers;

namespace Architecture.Tests;

/// <summary>
/// What differs between kinds of resources is said in the folder of the noun. Code that lists the kinds names most of them together, so a
/// file may name at most three. A file names a kind by its entity, its set of entities, its owner kind, its table in SQL, or its name as a
/// string.
/// </summary>
[Trait("Kind", "pure")]
public sealed partial class KindTests
{
    private const int MaxKinds = 3;

    private static readonly string[] Kinds = ["Router", "Network", "Host", "Vm", "Container"];

    /// <summary>
    /// Folders of the nouns; <c>Ports</c> is what VMs and containers have in common, <c>Schema</c> the mapping of all entities, and
    /// <c>Northbound</c> the rows of each kind.
    /// </summary>
    private static readonly string[] Folders = ["Routers", "Networks", "Hosts", "Vms", "Containers", "Ports", "Schema", "Northbound"];

    /// <summary>Other files that may name more kinds, with the reason.</summary>
    private static readonly Dictionary<string, string> Exceptions = new()
    {
        ["Checks/CheckedPort.cs"] = "A check needs the host of a VM, and the network of the VM or container.",
        ["Program.cs"] = "It lists the kinds once, in the lock order.",
    };

    [Fact]
    public void Only_the_folders_of_the_nouns_and_the_list_in_Program_name_more_than_three_kinds()
    {
        var root = Path.Combine(Programs.Root, "src/OvnNestApi");
        var found = SourceFiles
            .In("src/OvnNestApi")
            .Select(file => (Path: Path.GetRelativePath(root, file), Kinds: KindsIn(File.ReadAllText(file))))
            .Where(file => file.Kinds.Count > MaxKinds && !Folders.Contains(file.Path.Split('/')[0]))
            .ToList();
        Assert.Empty(
            found.Where(file => !Exceptions.ContainsKey(file.Path)).Select(file => $"{file.Path}: {string.Join(", ", file.Kinds)}")
        );
        Assert.Equal(Exceptions.Keys.Order(), found.Select(file => file.Path).Where(Exceptions.ContainsKey).Order());
    }

    [Theory]
    [InlineData("class C { Router? One; }", "Router")]
    [InlineData("class C { Router? One; Network? Two; C(Host three) { } }", "Router, Network, Host")]
    [InlineData("class C { object M(NestDb db) => db.Vms.Count() + db.Containers.Count(); }", "Vm, Container")]
    [InlineData("class C { bool M(OwnerKind kind) => kind is OwnerKind.Network; }", "Network")]
    [InlineData("class C { const string Sql = \"SELECT id FROM routers UNION SELECT id FROM hosts\"; }", "Router, Host")]
    [InlineData("class C { string Sql(int n) => $\"DELETE FROM vms WHERE n = {n}; UPDATE networks SET n = 1\"; }", "Network, Vm")]
    [InlineData("class C { const string Kind = \"container\"; }", "Container")]
    [InlineData("class C { object M(Guid id) => (\"host\", id); }", "")]
    [InlineData("class C { object M() => (\"host\", \"A machine.\"); }", "Host")]
    [InlineData("class C { Type M() => new RouterKind().GetType(); }", "Router")]
    [InlineData("using OvnNestApi.Hosts; class C { /* Router, FROM vms */ const string Text = \"The router is busy.\"; }", "")]
    public void Every_way_to_name_a_kind_counts(string source, string kinds) => Assert.Equal(kinds, string.Join(", ", KindsIn(source)));

    private static List<string> KindsIn(string source)
    {
        var root = CSharpSyntaxTree.ParseText(source).GetRoot();
        var tokens = root.DescendantTokens().Where(token => token.Parent?.FirstAncestorOrSelf<UsingDirectiveSyntax>() is null).ToList();
        var (names, texts) = (
            tokens.Where(token => token.IsKind(SyntaxKind.IdentifierToken)).Select(token => token.ValueText).ToHashSet(),
            tokens.Where(token => IsText(token) && !IsParameter(token)).Select(token => token.ValueText).ToList()
        );
        var tables = texts.SelectMany(text => Table().Matches(text)).Select(match => match.Groups["table"].Value).ToHashSet();
        return
        [
            .. Kinds.Where(kind =>
                names.Overlaps([kind, kind + "s", kind + "Kind"]) || tables.Contains(Lower(kind) + "s") || texts.Contains(Lower(kind))
            ),
        ];
    }

    private static bool IsText(SyntaxToken token) =>
        token.Kind()
            is SyntaxKind.StringLiteralToken
                or SyntaxKind.SingleLineRawStringLiteralToken
                or SyntaxKind.MultiLineRawStringLiteralToken
                or SyntaxKind.InterpolatedStringTextToken;

    /// <summary>Returns true for the name of a parameter of a statement, as in <c>("host", id)</c>.</summary>
    private static bool IsParameter(SyntaxToken token) =>
        token.Parent?.Parent
            is ArgumentSyntax { Parent: TupleExpressionSyntax { Arguments: [_, { Expression: not LiteralExpressionSyntax }] } };

    private static string Lower(string kind) => kind.ToLowerInvariant();

    [GeneratedRegex(@"\b(FROM|JOIN|UPDATE|INTO)\s+(?<table>\w+)")]
    private static partial Regex Table();
}
