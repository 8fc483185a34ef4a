using System.Text.RegularExpressions;
using TestServers;

namespace OvnNestApi.Agent.Tests;

public sealed partial class PurityTests
{
    [Fact]
    public void The_plan_has_no_clock_no_files_no_processes_and_no_logger()
    {
        var files = Directory.GetFiles(Path.Combine(Programs.Root, "src", "OvnNestApi.Agent", "Planning"), "*.cs");
        Assert.NotEmpty(files);
        Assert.Empty(files.Where(file => Impure().IsMatch(File.ReadAllText(file))).Select(Path.GetFileName));
    }

    [GeneratedRegex(@"\b(File|Directory|Process|Random|Task|Environment)\.|ILogger|TimeProvider|HttpClient|OvsdbClient\b|async ")]
    private static partial Regex Impure();
}
