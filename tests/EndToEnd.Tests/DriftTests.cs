using TestServers;

namespace EndToEnd.Tests;

/// <summary>Whatever somebody does by hand to what is ours is undone by itself; what is not ours stays.</summary>
public sealed class DriftTests(Lab lab) : IAsyncLifetime
{
    private const string ForeignBridge = "br-foreign";
    private string _foreign = "";

    public async ValueTask InitializeAsync()
    {
        await lab.ReadyAsync();
        await lab.Sandbox.NbctlAsync(
            "--may-exist",
            "lsp-add",
            "dmz",
            "foreign",
            "--",
            "lsp-set-addresses",
            "foreign",
            "02:00:00:00:00:01 172.16.255.190"
        );
        await lab.Sandbox.VsctlAsync(
            "ubuntu2",
            "--may-exist",
            "add-br",
            ForeignBridge,
            "--",
            "set",
            "Bridge",
            ForeignBridge,
            "datapath_type=netdev",
            "--",
            "--may-exist",
            "add-port",
            ForeignBridge,
            "foreign0",
            "--",
            "set",
            "Interface",
            "foreign0",
            "type=internal"
        );
        _foreign = await ForeignAsync();
    }

    /// <summary>After each repair: the foreign port and bridge are as they were.</summary>
    public async ValueTask DisposeAsync()
    {
        Assert.Equal(_foreign, await ForeignAsync());
        await lab.Sandbox.NbctlAsync("--if-exists", "lsp-del", "foreign");
        await lab.Sandbox.VsctlAsync("ubuntu2", "--if-exists", "del-br", ForeignBridge);
        await lab.ReadyAsync();
    }

    [Fact]
    public async Task A_logical_port_that_somebody_deleted_comes_back_at_once()
    {
        await lab.Sandbox.NbctlAsync("lsp-del", "dmz-c51");
        await RepairedAsync("the port dmz-c51", "tag_request", "51");
        await Eventually.Holds("dmz-c51 is up again", async () => await PortAsync("up") == "true");
    }

    [Fact]
    public async Task A_tag_request_that_somebody_changed_is_set_right_at_once()
    {
        await lab.Sandbox.NbctlAsync("set", "Logical_Switch_Port", "dmz-c51", "tag_request=60");
        await RepairedAsync("tag_request of dmz-c51", "tag_request", "51");
    }

    [Fact]
    public async Task A_port_security_that_somebody_emptied_is_set_right_at_once()
    {
        await lab.Sandbox.NbctlAsync("lsp-set-port-security", "dmz-c51");
        await RepairedAsync("port_security of dmz-c51", "port_security", "02:ac:10:ff:01:33 172.16.255.133");
    }

    [Fact]
    public async Task A_bridge_that_somebody_deleted_comes_back_with_all_that_was_on_it()
    {
        await lab.Sandbox.VsctlAsync("ubuntu2", "del-br", "br-vm5");
        await PingsAgainAsync("br-vm5", "vm5", "c51", "c52");
    }

    [Fact]
    public async Task A_port_that_somebody_deleted_on_the_host_comes_back()
    {
        await lab.Sandbox.VsctlAsync("ubuntu2", "del-port", "br-vm5", "c51");
        await PingsAgainAsync("the port c51", "c51");
        Assert.Equal("51", await lab.Sandbox.VsctlAsync("ubuntu2", "get", "Port", "c51", "tag"));
    }

    [Fact]
    public async Task A_namespace_that_somebody_deleted_comes_back()
    {
        await lab.Sandbox.ExecAsync("ubuntu2", "ip", "netns", "delete", lab["c51"].Namespace);
        await PingsAgainAsync("the namespace c51", "c51");
    }

    private async Task RepairedAsync(string what, string column, string value)
    {
        var took = await Eventually.Holds($"{what} is repaired", async () => await PortAsync(column) == value);
        Lab.Tell($"{what} repaired after {took.TotalMilliseconds:0} ms (with ovn-nbctl's own time)");
    }

    private async Task PingsAgainAsync(string what, params string[] names)
    {
        var took = await Eventually.Holds($"{what} is repaired: {string.Join(", ", names)} ping the gateway", async () =>
        {
            foreach (var name in names)
            {
                var machine = lab[name];
                if (
                    !await lab.Sandbox.SucceedsAsync(
                        machine.Host,
                        "ip",
                        "netns",
                        "exec",
                        machine.Namespace,
                        "ping",
                        "-c1",
                        "-W1",
                        machine.Gateway
                    )
                )
                {
                    return false;
                }
            }

            return true;
        });
        Lab.Tell($"{what} repaired and pinging after {took.TotalSeconds:0.0} s");
    }

    private Task<string> PortAsync(string column) =>
        lab.Sandbox.NbctlAsync("--bare", $"--columns={column}", "find", "Logical_Switch_Port", "name=dmz-c51");

    private async Task<string> ForeignAsync() =>
        await lab.Sandbox.NbctlAsync(
            "--bare",
            "--columns=_uuid,addresses,port_security,external_ids,options",
            "find",
            "Logical_Switch_Port",
            "name=foreign"
        ) + await lab.Sandbox.VsctlAsync("ubuntu2", "--columns=_uuid,name,ports,external_ids", "list", "Bridge", ForeignBridge);
}
