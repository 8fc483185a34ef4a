using System.Text.RegularExpressions;
using OvnNestApi.Agent.ControlPlane;
using TestServers;

namespace OvnNestApi.Agent.Tests;

/// <summary>The table of the agent's settings in docs/operations.md.</summary>
[Trait("Kind", "pure")]
public sealed partial class SettingsTableTests
{
    [Fact]
    public void The_table_has_the_variables_that_the_agent_reads_with_their_defaults()
    {
        var table = File.ReadLines(Path.Combine(Programs.Root, "docs", "operations.md"))
            .Select(line => Row().Match(line))
            .Where(row => row.Success)
            .ToDictionary(row => row.Groups["name"].Value, row => row.Groups["default"].Value);

        Assert.Equal(VariablesRead().Order(), table.Keys.Order());

        var agent = AgentSettings.From(_ => null);
        var retries = RetrySettings.From(_ => null);
        Assert.Equal(agent.StateFolder, table["NEST_STATE"]);
        Assert.Equal(agent.OvsdbEndpoint, table["NEST_OVSDB"]);
        Assert.Equal(agent.OvsdbEndpoint, $"unix:{table["OVS_RUNDIR"]}/db.sock");
        Assert.Equal(retries.FirstDelay, TimeSpan.ParseExact(table["NEST_RETRY_FIRST"], "c", null));
        Assert.Equal(retries.MaxDelay, TimeSpan.ParseExact(table["NEST_RETRY_MAX"], "c", null));
    }

    private static HashSet<string> VariablesRead()
    {
        var names = new HashSet<string>();
        string? Record(string name)
        {
            names.Add(name);
            return name == "NEST_URL" ? "https://nest.example" : null;
        }

        AgentSettings.From(Record);
        ControlPlaneSettings.From(Record);
        RetrySettings.From(Record);
        return names;
    }

    [GeneratedRegex(@"^\| `(?<name>NEST_\w+|OVS_RUNDIR)` \| (`(?<default>[^`]*)`)? ?\|")]
    private static partial Regex Row();
}
