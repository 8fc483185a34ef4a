using TestServers;

namespace EndToEnd.Tests;

/// <summary>
/// Changes that another program makes to our rows, ports and namespaces are undone; resources without our owner mark are not changed.
/// </summary>
public sealed class DriftTests(Lab lab) : IAsyncLifetime
{
    private const string ForeignBridge = "br-foreign";
    private string _foreign = "";

    /// <summary>Creates a logical port and a bridge without an owner mark.</summary>
    public async ValueTask InitializeAsync()
    {
        await lab.ReadyAsync();
        await lab.Sandbox.ShellAsync(
            "central",
            "ovn-nbctl --may-exist lsp-add dmz foreign -- lsp-set-addresses foreign '02:00:00:00:00:01 172.16.255.190'"
        );
        await lab.Sandbox.ShellAsync(
            "ubuntu2",
            $"""
            ovs-vsctl --may-exist add-br {ForeignBridge} -- set Bridge {ForeignBridge} datapath_type=netdev \
              -- --may-exist add-port {ForeignBridge} foreign0 -- set Interface foreign0 type=internal
            """
        );
        _foreign = await ForeignAsync();
    }

    /// <summary>Checks after each test that the foreign port and bridge have not changed.</summary>
    public async ValueTask DisposeAsync()
    {
        Assert.Equal(_foreign, await ForeignAsync());
        await lab.Sandbox.NbctlAsync("--if-exists", "lsp-del", "foreign");
        await lab.Sandbox.VsctlAsync("ubuntu2", "--if-exists", "del-br", ForeignBridge);
        await lab.ReadyAsync();
    }

    [Fact]
    public async Task A_deleted_logical_switch_port_is_restored()
    {
        await lab.Sandbox.NbctlAsync("lsp-del", "dmz-c51");
        await RepairedAsync("tag_request", "51");
        await Eventually.Holds("dmz-c51 is up", async () => await PortAsync("up") == "true");
    }

    [Fact]
    public async Task A_changed_tag_request_is_restored()
    {
        await lab.Sandbox.NbctlAsync("set", "Logical_Switch_Port", "dmz-c51", "tag_request=60");
        await RepairedAsync("tag_request", "51");
    }

    [Fact]
    public async Task A_cleared_port_security_is_restored()
    {
        await lab.Sandbox.NbctlAsync("lsp-set-port-security", "dmz-c51");
        await RepairedAsync("port_security", "02:ac:10:ff:01:33 172.16.255.133");
    }

    [Fact]
    public async Task A_deleted_bridge_is_restored_with_all_its_ports()
    {
        await lab.Sandbox.VsctlAsync("ubuntu2", "del-br", "br-vm5");
        await PingsAgainAsync("br-vm5", "vm5", "c51", "c52");
    }

    [Fact]
    public async Task A_deleted_port_of_a_host_is_restored_with_its_tag()
    {
        await lab.Sandbox.VsctlAsync("ubuntu2", "del-port", "br-vm5", "c51");
        await PingsAgainAsync("the port c51", "c51");
        Assert.Equal("51", await lab.Sandbox.VsctlAsync("ubuntu2", "get", "Port", "c51", "tag"));
    }

    [Fact]
    public async Task A_deleted_namespace_is_restored()
    {
        await lab.Sandbox.ExecAsync("ubuntu2", "ip", "netns", "delete", lab["c51"].Namespace);
        await PingsAgainAsync("the namespace c51", "c51");
    }

    private async Task RepairedAsync(string column, string value)
    {
        var took = await Eventually.Holds($"{column} of dmz-c51 is {value}", async () => await PortAsync(column) == value);
        Lab.Log($"{column} of dmz-c51 restored after {took.TotalMilliseconds:0} ms, including the run time of ovn-nbctl");
    }

    /// <summary>
    /// Waits until the workloads reach their gateways. Each attempt is a single ping, so that the measured time is exact.
    /// </summary>
    private async Task PingsAgainAsync(string what, params string[] names)
    {
        var took = await Eventually.Holds($"{what} is restored: {string.Join(", ", names)} reach their gateway", async () =>
        {
            foreach (var workload in names.Select(name => lab[name]))
            {
                string[] ping = ["ip", "netns", "exec", workload.Namespace, "ping", "-c1", "-W1", workload.Gateway];
                if (!await lab.Sandbox.SucceedsAsync(workload.Host, ping))
                {
                    return false;
                }
            }

            return true;
        });
        Lab.Log($"{what} restored after {took.TotalSeconds:0.0} s");
    }

    private Task<string> PortAsync(string column) =>
        lab.Sandbox.NbctlAsync("--bare", $"--columns={column}", "find", "Logical_Switch_Port", "name=dmz-c51");

    private async Task<string> ForeignAsync()
    {
        const string columns = "_uuid,addresses,port_security,external_ids,options";
        return await lab.Sandbox.NbctlAsync("--bare", $"--columns={columns}", "find", "Logical_Switch_Port", "name=foreign")
            + await lab.Sandbox.VsctlAsync("ubuntu2", "--columns=_uuid,name,ports,external_ids", "list", "Bridge", ForeignBridge);
    }
}
