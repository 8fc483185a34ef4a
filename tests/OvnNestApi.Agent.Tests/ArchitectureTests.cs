using System.Text.RegularExpressions;
using TestServers;

namespace OvnNestApi.Agent.Tests;

/// <summary>Rules for the planning of hosts.</summary>
[Trait("Kind", "pure")]
public sealed partial class ArchitectureTests
{
    [Fact]
    public void The_plan_uses_no_clock_file_process_or_logger()
    {
        var files = SourceFiles();
        Assert.NotEmpty(files);
        Assert.Empty(files.Where(file => Impure().IsMatch(File.ReadAllText(file))).Select(Path.GetFileName));
    }

    private static string[] SourceFiles() =>
        [
            .. new[] { "", "Commands" }.SelectMany(folder =>
                Directory.GetFiles(Path.Combine(Programs.Root, "src", "OvnNestApi.HostPlanning", folder), "*.cs")
            ),
        ];

    [GeneratedRegex(@"\b(File|Directory|Process|Random|Task|Environment)\.|ILogger|TimeProvider|HttpClient|OvsdbClient\b|async ")]
    private static partial Regex Impure();
}
