using TestServers;

namespace EndToEnd.Tests;

/// <summary>The ground that the other tests stand on: a cloud of OVN hosts on one machine, in which everything that the product does can be done by hand.</summary>
public sealed class SandboxTests
{
    [Fact]
    public async Task A_nested_port_made_by_hand_gets_its_address_and_pings_another_host()
    {
        await using var sandbox = await Sandbox.UpAsync("ubuntu1", "ubuntu2");
        await MakeSwitchAsync(sandbox, "vm1", "vm5", "c51");
        await sandbox.NbctlAsync("set", "Logical_Switch_Port", "c51", "parent_name=vm5", "tag_request=51");
        await sandbox.VsctlAsync(
            "ubuntu1",
            "add-port",
            "br-int",
            "vm1",
            "--",
            "set",
            "Interface",
            "vm1",
            "type=internal",
            "external_ids:iface-id=vm1"
        );
        await sandbox.VsctlAsync(
            "ubuntu2",
            "add-br",
            "br-vm5",
            "--",
            "set",
            "Bridge",
            "br-vm5",
            "datapath_type=netdev",
            "--",
            "add-port",
            "br-vm5",
            "brvm5-brint",
            "trunks=0,51",
            "--",
            "set",
            "Interface",
            "brvm5-brint",
            "type=patch",
            "options:peer=brint-brvm5",
            "--",
            "add-port",
            "br-int",
            "brint-brvm5",
            "--",
            "set",
            "Interface",
            "brint-brvm5",
            "type=patch",
            "options:peer=brvm5-brint",
            "external_ids:iface-id=vm5",
            "--",
            "add-port",
            "br-vm5",
            "c51",
            "tag=51",
            "--",
            "set",
            "Interface",
            "c51",
            "type=internal"
        );
        await MoveIntoNamespaceAsync(sandbox, "ubuntu1", "vm1");
        await MoveIntoNamespaceAsync(sandbox, "ubuntu2", "c51");

        Assert.True(await sandbox.PingsAsync("ubuntu2", "c51", "10.0.0.1"));
        Assert.False(Directory.Exists("/run/netns") && Directory.EnumerateFiles("/run/netns", "c51").Any());
    }

    [Theory]
    [InlineData("ovsdb")]
    [InlineData("vswitchd")]
    [InlineData("controller")]
    public async Task A_killed_server_of_a_host_comes_back_to_a_chassis_that_central_knows(string server)
    {
        await using var sandbox = await Sandbox.UpAsync("ubuntu1");
        await sandbox.KillAsync("ubuntu1", server);
        await sandbox.StartAsync("ubuntu1", server);
        await Eventually.Becomes(
            "ubuntu1 is a chassis",
            () => sandbox.ExecAsync("central", "ovn-sbctl", "--bare", "--columns=name", "list", "Chassis"),
            it => it == "ubuntu1"
        );
        await sandbox.VsctlAsync("ubuntu1", "--timeout=10", "add-br", "br-new");
    }

    [Fact]
    public async Task An_emptied_northbound_has_no_switch_and_an_emptied_host_only_its_own_settings()
    {
        await using var sandbox = await Sandbox.UpAsync("ubuntu1");
        await sandbox.NbctlAsync("ls-add", "dmz");
        await sandbox.VsctlAsync("ubuntu1", "add-br", "br-new");

        await sandbox.EmptyAsync("central", "nb");
        await sandbox.EmptyAsync("ubuntu1", "ovsdb");

        Assert.Equal("", await sandbox.NbctlAsync("ls-list"));
        Assert.DoesNotContain("br-new", await sandbox.VsctlAsync("ubuntu1", "list-br"), StringComparison.Ordinal);
        Assert.Equal("ubuntu1", await sandbox.VsctlAsync("ubuntu1", "get", "Open_vSwitch", ".", "external_ids:system-id"));
    }

    [Fact]
    public async Task What_runs_in_a_namespace_ends_with_the_sandbox()
    {
        var sandbox = await Sandbox.UpAsync("ubuntu1");
        await sandbox.ExecAsync("ubuntu1", "ip", "netns", "add", "c51");
        await using var resident = sandbox.Start("ubuntu1", ["ip", "netns", "exec", "c51", "sleep", "infinity"]);
        await Eventually.Becomes("it runs", () => sandbox.ExecAsync("ubuntu1", "ip", "netns", "pids", "c51"), pids => pids.Length > 0);

        await sandbox.DisposeAsync();

        await resident.ExitAsync();
        Assert.False(Directory.Exists(sandbox.Folder));
    }

    private static async Task MakeSwitchAsync(Sandbox sandbox, params string[] ports)
    {
        await sandbox.NbctlAsync("ls-add", "net");
        var dhcp = await sandbox.NbctlAsync(
            "create",
            "DHCP_Options",
            "cidr=10.0.0.0/24",
            "options:server_id=10.0.0.254",
            "options:server_mac=02:00:00:00:00:fe",
            "options:lease_time=3600"
        );
        foreach (var (port, index) in ports.Select((port, index) => (port, index)))
        {
            await sandbox.NbctlAsync(
                "lsp-add",
                "net",
                port,
                "--",
                "lsp-set-addresses",
                port,
                $"02:00:00:00:00:0{index + 1} 10.0.0.{index + 1}",
                "--",
                "lsp-set-dhcpv4-options",
                port,
                dhcp
            );
        }
    }

    /// <summary>Gives the device the MAC that its logical port has, and asks for its address as the seed does.</summary>
    private static async Task MoveIntoNamespaceAsync(Sandbox sandbox, string host, string device)
    {
        var mac = (await sandbox.NbctlAsync("lsp-get-addresses", device)).Split(' ')[0];
        await sandbox.ExecAsync(host, "ip", "netns", "add", device);
        await sandbox.ExecAsync(host, "ip", "link", "set", device, "netns", device, "address", mac, "up");
        await sandbox.ExecAsync(host, "ip", "netns", "exec", device, "udhcpc", "-i", device, "-n", "-q", "-t", "20", "-T", "1");
    }
}
