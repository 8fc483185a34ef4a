namespace Architecture.Tests;

/// <summary>The tree shows the direction of dependencies: each folder uses only folders of lower layers.</summary>
[Trait("Kind", "pure")]
public sealed class FolderTests(ITestOutputHelper output)
{
    public static TheoryData<string> Projects => [.. Layers.Of.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void No_folder_takes_part_in_a_cycle(string project)
    {
        var graph = FolderGraph.Read(project);
        var (pairs, cyclic) = (graph.TwoWayPairs.ToList(), graph.FoldersInCycles.ToList());
        output.WriteLine(
            $"{project}: {graph.Folders.Count} folders, {graph.Arrows.Count} arrows, {pairs.Count} two-way pairs, "
                + $"{cyclic.Count} folders in cycles"
        );
        foreach (var folder in Layers.Of[project])
        {
            var used = graph.Arrows.Where(arrow => arrow.From == folder).Select(arrow => arrow.To).Order(StringComparer.Ordinal);
            output.WriteLine($"  {folder, -13} uses {string.Join(", ", used)}");
        }

        Assert.Empty(pairs.SelectMany(pair => graph.Places(pair).Concat(graph.Places((pair.To, pair.From)))));
        Assert.Empty(cyclic);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_folder_uses_only_folders_of_lower_layers(string project)
    {
        var graph = FolderGraph.Read(project);
        var layers = Layers.Of[project];
        Assert.Equal(graph.Folders.Order(StringComparer.Ordinal), layers.Order(StringComparer.Ordinal));
        Assert.NotEmpty(graph.Arrows);
        var upward = graph.Arrows.Where(arrow => Array.IndexOf(layers, arrow.To) > Array.IndexOf(layers, arrow.From));
        Assert.True(!upward.Any(), string.Join(Environment.NewLine, upward.SelectMany(graph.Places)));
    }

    [Fact]
    public void A_cycle_between_two_folders_is_found()
    {
        var graph = FolderGraph.Of(
            "Example",
            [
                ("A/First.cs", "namespace N; class First { Second? Next; }"),
                ("B/Second.cs", "namespace N; class Second { static int Count => First.Max; }"),
                ("B/Third.cs", "namespace N; class Third;"),
            ]
        );
        Assert.Equal([("A", "B")], graph.TwoWayPairs);
        Assert.Equal(["A", "B"], graph.FoldersInCycles);
    }

    [Theory]
    [InlineData("class C : N.Low.Base;", "class Base;")]
    [InlineData("class C { void M() => N.Low.Tools.Run(); }", "static class Tools { public static void Run() { } }")]
    [InlineData("using N.Low; class C { int M() => 1.Twice(); }", "static class Numbers { public static int Twice(this int n) => 2 * n; }")]
    [InlineData("class C { const int X = N.Low.Limits.Max; }", "static class Limits { public const int Max = 1; }")]
    [InlineData("/// <summary>See <see cref=\"N.Low.Base\"/>.</summary>\nclass C;", "class Base;")]
    public void Every_way_to_name_a_type_counts(string user, string used)
    {
        var graph = FolderGraph.Of("Example", [("High/C.cs", user), ("Low/Used.cs", "namespace N.Low; public " + used)]);
        Assert.Equal([("High", "Low")], graph.Arrows);
        Assert.Empty(graph.FoldersInCycles);
    }

    [Fact]
    public void A_cycle_over_three_folders_is_found_without_a_two_way_pair()
    {
        var graph = FolderGraph.Of(
            "Example",
            [
                ("A/A1.cs", "class A1 { B1? b; }"),
                ("B/B1.cs", "class B1 { C1? c; }"),
                ("C/C1.cs", "class C1 { A1? a; }"),
                ("D/D1.cs", "class D1 { A1? a; }"),
            ]
        );
        Assert.Empty(graph.TwoWayPairs);
        Assert.Equal(["A", "B", "C"], graph.FoldersInCycles);
    }
}
