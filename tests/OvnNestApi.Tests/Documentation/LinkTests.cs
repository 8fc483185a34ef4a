using System.Text.RegularExpressions;
using TestServers;

namespace OvnNestApi.Tests.Documentation;

/// <summary>The documentation names only files that exist.</summary>
[Trait("Kind", "pure")]
public sealed partial class LinkTests
{
    private static readonly string[] Documents =
    [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "examples/README.md",
        .. Directory.GetFiles(Path.Combine(Programs.Root, "docs"), "*.md").Select(file => Path.GetRelativePath(Programs.Root, file)),
    ];

    private static readonly HashSet<string> FileNames = Directory
        .EnumerateFiles(Programs.Root, "*.cs", SearchOption.AllDirectories)
        .Select(file => Path.GetFileName(file))
        .ToHashSet();

    [Fact]
    public void Every_relative_link_leads_to_a_file()
    {
        var dead =
            from document in Documents
            from Match link in Link().Matches(Read(document))
            let target = link.Groups["target"].Value.Split('#')[0]
            where target.Length > 0 && !target.Contains(':', StringComparison.Ordinal)
            where !Path.Exists(Path.Combine(Programs.Root, Path.GetDirectoryName(document) ?? "", target))
            select $"{document}: {target}";
        Assert.Empty(dead);
    }

    [Theory]
    [InlineData("docs/architecture.md")]
    [InlineData("CONTRIBUTING.md")]
    public void Every_file_name_in_backticks_is_a_file(string document)
    {
        var missing =
            from Match code in Code().Matches(Read(document))
            let name = code.Groups["name"].Value
            where name.Contains('/', StringComparison.Ordinal) ? !Path.Exists(Resolve(name)) : !FileNames.Contains(name)
            select name;
        Assert.Empty(missing);
    }

    /// <summary>A path is relative to the root, or to the folder of the API.</summary>
    private static string Resolve(string name)
    {
        var path = Path.Combine(Programs.Root, name);
        return Path.Exists(path) ? path : Path.Combine(Programs.Root, "src", "OvnNestApi", name);
    }

    private static string Read(string document) => File.ReadAllText(Path.Combine(Programs.Root, document));

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`(?<name>[\w./-]+\.cs)`")]
    private static partial Regex Code();
}
