using TestServers;

namespace EndToEnd.Tests;

/// <summary>PostgreSQL is the only state: everything else fills again from it by itself.</summary>
public sealed class RefillTests(Lab lab)
{
    [Fact]
    public async Task A_northbound_replaced_by_an_empty_one_fills_again_by_itself()
    {
        await lab.ReadyAsync();
        var before = await RowsAsync();
        await lab.Sandbox.EmptyAsync("central", "nb");
        var took = await Eventually.Holds("the NB says the same again", async () => await RowsAsync() == before);
        Lab.Tell($"NB filled after {took.TotalSeconds:0.0} s");
        await lab.ReadyAsync();
        Assert.Empty(await lab.FailingPingsAsync(lab.Machines));
    }

    [Fact]
    public async Task A_host_database_replaced_by_an_empty_one_fills_again_by_itself()
    {
        await lab.ReadyAsync();
        await lab.Sandbox.EmptyAsync("ubuntu2", "ovsdb");
        var took = await Eventually.Holds("br-vm5 and its trunk are back", async () =>
            await lab.Sandbox.VsctlAsync("ubuntu2", "get", "Port", "brvm5-brint", "trunks") == "[0, 51, 52]"
            && await lab.Sandbox.VsctlAsync("ubuntu2", "get", "Port", "c51", "tag") == "51"
        );
        Lab.Tell($"host database filled after {took.TotalSeconds:0.0} s");
        var failing = await Eventually.Becomes("every ping passes again", () => lab.FailingPingsAsync(lab.Machines), f => f.Count == 0);
        Assert.Empty(failing);
        await lab.ReadyAsync();
    }

    /// <summary>What the NB says of our ports, but for row ids, which are the same too when the product keeps them.</summary>
    private Task<string> RowsAsync() =>
        lab.Sandbox.ExecAsync(
            "central",
            "sh",
            "-c",
            "ovn-nbctl --bare --columns=name,parent_name,tag_request,tag,addresses,port_security,type list Logical_Switch_Port | sort; ovn-nbctl --bare --columns=cidr,options list DHCP_Options | sort"
        );
}
