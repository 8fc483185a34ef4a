using System.Text.RegularExpressions;
using TestServers;

namespace OvnNestApi.Tests.Examples;

/// <summary>The playbook <c>examples/ansible/lab.yml</c> creates its resources, changes only what differs, and removes them.</summary>
public sealed partial class AnsibleTests(LivingInstallation nest) : IClassFixture<LivingInstallation>
{
    private static readonly string Playbook = Path.Combine(Programs.Root, "examples", "ansible", "lab.yml");

    [Fact]
    public async Task The_playbook_changes_nothing_but_what_differs()
    {
        Assert.Equal(4, await PlayAsync("state=present"));
        Assert.Equal(4, await nest.ReadyAsync());

        (await nest.Api.PatchAsync("/v1/vms/vm5/containers/c51", """{"spec":{"vlan":52}}""")).IsSuccess();
        Assert.Equal(1, await PlayAsync("state=present"));
        Assert.Equal(51, (await nest.Api.GetAsync("/v1/vms/vm5/containers/c51")).Effective.GetProperty("vlan").GetInt32());

        Assert.Equal(4, await PlayAsync("state=absent"));
        Assert.Equal(0, await nest.ReadyAsync());
    }

    /// <summary>Runs the playbook and returns how many items of its loops reported a change.</summary>
    private async Task<int> PlayAsync(string variable)
    {
        var output = await nest.RunAsync("ansible-playbook", "--extra-vars", variable, Playbook);
        return Changed().Count(output);
    }

    [GeneratedRegex("^changed: ", RegexOptions.Multiline)]
    private static partial Regex Changed();
}
