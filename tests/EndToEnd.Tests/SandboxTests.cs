using TestServers;

namespace EndToEnd.Tests;

/// <summary>
/// <see cref="Sandbox"/>, which other tests rely on: OVN works in it without the API, and its servers can be killed and emptied.
/// </summary>
public sealed class SandboxTests
{
    [Fact]
    public async Task A_nested_port_made_with_command_line_tools_gets_a_DHCP_address_and_reaches_another_host()
    {
        await using var sandbox = await Sandbox.UpAsync("ubuntu1", "ubuntu2");
        await CreateSwitchAsync(sandbox, "vm1", "vm5", "c51");
        await sandbox.NbctlAsync("set", "Logical_Switch_Port", "c51", "parent_name=vm5", "tag_request=51");
        await sandbox.ShellAsync("ubuntu1", "ovs-vsctl add-port br-int vm1 -- set Interface vm1 type=internal external_ids:iface-id=vm1");
        await sandbox.ShellAsync(
            "ubuntu2",
            """
            ovs-vsctl add-br br-vm5 -- set Bridge br-vm5 datapath_type=netdev \
              -- add-port br-vm5 brvm5-brint trunks=0,51 \
              -- set Interface brvm5-brint type=patch options:peer=brint-brvm5 \
              -- add-port br-int brint-brvm5 \
              -- set Interface brint-brvm5 type=patch options:peer=brvm5-brint external_ids:iface-id=vm5 \
              -- add-port br-vm5 c51 tag=51 -- set Interface c51 type=internal
            """
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
    public async Task A_host_is_a_chassis_and_accepts_changes_after_a_server_was_killed_and_started(string server)
    {
        await using var sandbox = await Sandbox.UpAsync("ubuntu1");
        await sandbox.KillAsync("ubuntu1", server);
        await sandbox.StartAsync("ubuntu1", server);
        await Eventually.Becomes(
            "ubuntu1 is a chassis",
            () => sandbox.ExecAsync("central", "ovn-sbctl", "--bare", "--columns=name", "list", "Chassis"),
            chassis => chassis == "ubuntu1"
        );
        await sandbox.VsctlAsync("ubuntu1", "--timeout=10", "add-br", "br-new");
    }

    [Fact]
    public async Task An_emptied_northbound_database_has_no_switch_and_an_emptied_host_has_only_its_OVN_settings()
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
    public async Task Processes_in_the_namespaces_end_with_the_sandbox()
    {
        var sandbox = await Sandbox.UpAsync("ubuntu1");
        await sandbox.ExecAsync("ubuntu1", "ip", "netns", "add", "c51");
        await using var process = sandbox.Start("ubuntu1", ["ip", "netns", "exec", "c51", "sleep", "infinity"]);
        await Eventually.Becomes(
            "a process runs in the namespace",
            () => sandbox.ExecAsync("ubuntu1", "ip", "netns", "pids", "c51"),
            pids => pids.Length > 0
        );

        await sandbox.DisposeAsync();

        await process.WaitForExitAsync();
        Assert.False(Directory.Exists(sandbox.Folder));
    }

    /// <summary>Creates a logical switch with DHCP, and a port for each name with the addresses 10.0.0.1, 10.0.0.2 and so on.</summary>
    private static async Task CreateSwitchAsync(Sandbox sandbox, params string[] ports)
    {
        await sandbox.NbctlAsync("ls-add", "net");
        var dhcp = await sandbox.ShellAsync(
            "central",
            """
            ovn-nbctl create DHCP_Options cidr=10.0.0.0/24 \
              options:server_id=10.0.0.254 options:server_mac=02:00:00:00:00:fe options:lease_time=3600
            """
        );
        foreach (var (index, port) in ports.Index())
        {
            var addresses = $"02:00:00:00:00:0{index + 1} 10.0.0.{index + 1}";
            await sandbox.ShellAsync(
                "central",
                $"""
                ovn-nbctl lsp-add net {port} -- lsp-set-addresses {port} '{addresses}' -- lsp-set-dhcpv4-options {port} {dhcp}
                """
            );
        }
    }

    /// <summary>Moves a device into a namespace, sets the MAC of its logical port, and gets an address by DHCP.</summary>
    private static async Task MoveIntoNamespaceAsync(Sandbox sandbox, string host, string device)
    {
        var mac = (await sandbox.NbctlAsync("lsp-get-addresses", device)).Split(' ')[0];
        await sandbox.ExecAsync(host, "ip", "netns", "add", device);
        await sandbox.ExecAsync(host, "ip", "link", "set", device, "netns", device, "address", mac, "up");
        await sandbox.ExecAsync(host, "ip", "netns", "exec", device, "udhcpc", "-i", device, "-n", "-q", "-t", "20", "-T", "1");
    }
}
