using System.Text.RegularExpressions;
using TestServers;

namespace OvnNestApi.Agent.Tests;

/// <summary>Rules for the folders of the agent.</summary>
[Trait("Kind", "pure")]
public sealed partial class ArchitectureTests
{
    [Fact]
    public void The_plan_uses_no_clock_file_process_or_logger()
    {
        var files = Sources("Planning");
        Assert.NotEmpty(files);
        Assert.Empty(files.Where(file => Impure().IsMatch(File.ReadAllText(file))).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("Planning")]
    [InlineData("State", "Planning")]
    [InlineData("Local", "Planning", "State")]
    [InlineData("ControlPlane", "State")]
    public void A_folder_uses_only_folders_of_lower_layers(string folder, params string[] allowed)
    {
        var files = Sources(folder);
        Assert.NotEmpty(files);
        var used = files.SelectMany(file => UsedFolder().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value);
        Assert.Empty(used.Except([.. allowed, folder]));
    }

    [Fact]
    public void No_folder_uses_a_type_of_the_root()
    {
        var types = Sources("").Select(Path.GetFileNameWithoutExtension).Except(["Program", "AssemblyInfo"]).ToArray();
        Assert.NotEmpty(types);
        var pattern = new Regex($@"\b({string.Join('|', types)})\b");
        Assert.Empty(
            new[] { "Planning", "State", "Local", "ControlPlane" }
                .SelectMany(Sources)
                .SelectMany(file => pattern.Matches(File.ReadAllText(file)).Select(match => $"{Path.GetFileName(file)}: {match.Value}"))
        );
    }

    private static string[] Sources(string folder) =>
        Directory.GetFiles(Path.Combine(Programs.Root, "src", "OvnNestApi.Agent", folder), "*.cs");

    [GeneratedRegex(@"\b(File|Directory|Process|Random|Task|Environment)\.|ILogger|TimeProvider|HttpClient|OvsdbClient\b|async ")]
    private static partial Regex Impure();

    [GeneratedRegex(@"OvnNestApi\.Agent\.(\w+)")]
    private static partial Regex UsedFolder();
}
