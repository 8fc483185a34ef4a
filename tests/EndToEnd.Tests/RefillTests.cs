using TestServers;

namespace EndToEnd.Tests;

/// <summary>PostgreSQL has the only state: databases of OVN and Open vSwitch that become empty are filled again.</summary>
public sealed class RefillTests(Lab lab)
{
    [Fact]
    public async Task An_empty_northbound_database_is_filled_again()
    {
        await lab.ReadyAsync();
        var before = await RowsAsync();
        await lab.Sandbox.EmptyAsync("central", "nb");
        var took = await Eventually.Holds("the northbound database has the same rows", async () => await RowsAsync() == before);
        Lab.Log($"northbound database filled after {took.TotalSeconds:0.0} s");
        await lab.ReadyAsync();
        Assert.Empty(await lab.FailingPingsAsync());
    }

    [Fact]
    public async Task An_empty_Open_vSwitch_database_is_filled_again()
    {
        await lab.ReadyAsync();
        await lab.Sandbox.EmptyAsync("ubuntu2", "ovsdb");
        var took = await Eventually.Holds("br-vm5 has its trunks and tags", async () =>
            await lab.Sandbox.VsctlAsync("ubuntu2", "get", "Port", "brvm5-brint", "trunks") == "[0, 51, 52]"
            && await lab.Sandbox.VsctlAsync("ubuntu2", "get", "Port", "c51", "tag") == "51"
        );
        Lab.Log($"Open vSwitch database filled after {took.TotalSeconds:0.0} s");
        await Eventually.Becomes("every ping succeeds", lab.FailingPingsAsync, failing => failing.Count == 0);
        await lab.ReadyAsync();
    }

    /// <summary>Returns the logical switch ports and DHCP options without their UUIDs, which differ after a refill.</summary>
    private Task<string> RowsAsync() =>
        lab.Sandbox.ShellAsync(
            "central",
            """
            ovn-nbctl --bare --columns=name,parent_name,tag_request,tag,addresses,port_security,type list Logical_Switch_Port | sort
            ovn-nbctl --bare --columns=cidr,options list DHCP_Options | sort
            """
        );
}
