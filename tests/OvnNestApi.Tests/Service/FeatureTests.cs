using System.Text.RegularExpressions;
using OvnNestApi.Service;
using TestServers;

namespace OvnNestApi.Tests.Service;

/// <summary>The list of features only grows, and docs/features.md explains every word.</summary>
[Trait("Kind", "pure")]
public sealed partial class FeatureTests
{
    [Fact]
    public void No_word_disappears_or_moves()
    {
        // The file is only appended to. It must not be changed to make this test pass after a word was removed.
        var listed = File.ReadAllLines(Path.Combine(Programs.Root, "tests", "OvnNestApi.Tests", "Service", "features.txt"));
        Assert.Equal(listed, Features.All);
    }

    [Fact]
    public void Every_word_is_unique_and_explained()
    {
        var documented = File.ReadLines(Path.Combine(Programs.Root, "docs", "features.md"))
            .Select(line => Row().Match(line))
            .Where(row => row.Success)
            .Select(row => row.Groups["word"].Value);
        Assert.Equal(Features.All, documented);
        Assert.Equal(Features.All.Count, Features.All.Distinct().Count());
    }

    [GeneratedRegex("^\\| `(?<word>[a-z0-9]+(-[a-z0-9]+)*)` \\| .+ \\|$")]
    private static partial Regex Row();
}
