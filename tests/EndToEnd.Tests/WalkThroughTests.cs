using TestServers;

namespace EndToEnd.Tests;

/// <summary>The manifest <c>examples/lab.yaml</c> creates the rows, ports and namespaces of the walk-through in the README.</summary>
public sealed class WalkThroughTests(Lab lab)
{
    [Theory]
    [InlineData("c51", 51, "02:ac:10:ff:01:33 172.16.255.133")]
    [InlineData("c52", 52, "02:ac:10:ff:01:34 172.16.255.134")]
    public async Task The_northbound_row_of_a_container_has_parent_tag_addresses_port_security_and_DHCP_options(
        string name,
        int tag,
        string addresses
    )
    {
        await Eventually.Holds($"dmz-{name} is up", async () => await PortAsync($"dmz-{name}", "up") == "true");

        Assert.Equal("dmz-vm5", await PortAsync($"dmz-{name}", "parent_name"));
        Assert.Equal($"{tag}", await PortAsync($"dmz-{name}", "tag_request"));
        Assert.Equal($"{tag}", await PortAsync($"dmz-{name}", "tag"));
        await HasAddressesAsync($"dmz-{name}", addresses);
    }

    [Fact]
    public async Task The_northbound_row_of_a_VM_has_no_parent_and_no_tag()
    {
        await Eventually.Holds("dmz-vm5 is up", async () => await PortAsync("dmz-vm5", "up") == "true");

        Assert.Equal("", await PortAsync("dmz-vm5", "parent_name"));
        Assert.Equal("", await PortAsync("dmz-vm5", "tag_request"));
        await HasAddressesAsync("dmz-vm5", "02:ac:10:ff:01:32 172.16.255.132");
    }

    [Fact]
    public async Task The_bridge_of_a_VM_has_a_patch_port_whose_trunks_are_the_tags_of_its_containers()
    {
        Assert.Equal("netdev", await VsctlAsync("get", "Bridge", "br-vm5", "datapath_type"));
        Assert.Equal(["brvm5-brint", "c51", "c52", "vm5"], (await VsctlAsync("list-ports", "br-vm5")).Split('\n').Order());
        Assert.Equal("brint-brvm5", await VsctlAsync("get", "Interface", "brvm5-brint", "options:peer"));
        Assert.Equal("brvm5-brint", await VsctlAsync("get", "Interface", "brint-brvm5", "options:peer"));
        Assert.Equal("[0, 51, 52]", await VsctlAsync("get", "Port", "brvm5-brint", "trunks"));
        Assert.Equal("0", await VsctlAsync("get", "Port", "vm5", "tag"));
        Assert.Equal("51", await VsctlAsync("get", "Port", "c51", "tag"));
        Assert.Equal("52", await VsctlAsync("get", "Port", "c52", "tag"));
    }

    [Fact]
    public async Task The_integration_bridge_has_one_port_for_a_VM_and_all_its_containers()
    {
        Assert.Equal("dmz-vm5", await VsctlAsync("get", "Interface", "brint-brvm5", "external_ids:iface-id"));
        Assert.False(await lab.Sandbox.SucceedsAsync("ubuntu2", "ovs-vsctl", "get", "Interface", "brvm5-brint", "external_ids:iface-id"));

        var ports = (await VsctlAsync("list-ports", "br-int")).Split('\n');
        Assert.Single(ports, p => p == "brint-brvm5");
        Assert.DoesNotContain(ports, p => p is "vm5" or "c51" or "c52");
        var ids = await VsctlAsync("--bare", "--columns=external_ids", "find", "Interface");
        Assert.Equal(1, ids.Split("iface-id=dmz-vm5").Length - 1);
        Assert.DoesNotContain("iface-id=dmz-c51", ids, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vm5")]
    [InlineData("c51")]
    [InlineData("c52")]
    public async Task Each_device_is_in_its_namespace_and_has_its_MAC_its_DHCP_address_and_a_default_route(string name)
    {
        var workload = lab[name];
        var link = await lab.Sandbox.ExecAsync(workload.Host, "ip", "-n", workload.Namespace, "link", "show", workload.Interface);
        Assert.Contains($"link/ether {workload.Mac}", link, StringComparison.Ordinal);
        Assert.Contains("mtu 1442", link, StringComparison.Ordinal);
        var address = await lab.Sandbox.ExecAsync(workload.Host, "ip", "-n", workload.Namespace, "-4", "addr", "show", workload.Interface);
        Assert.Contains($"inet {workload.Ip}/26", address, StringComparison.Ordinal);
        Assert.Contains(
            $"default via {workload.Gateway}",
            await lab.Sandbox.ExecAsync(workload.Host, "ip", "-n", workload.Namespace, "route"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Every_workload_reaches_its_gateway_and_every_other_workload()
    {
        Assert.Equal(7, lab.Workloads.Count);
        Assert.True(lab.Workloads.Select(workload => workload.Host).Distinct().Count() > 1, "All workloads are on one host.");
        Assert.Empty(await lab.FailingPingsAsync());
    }

    private async Task HasAddressesAsync(string port, string addresses)
    {
        Assert.Equal(addresses, await PortAsync(port, "addresses"));
        Assert.Equal(addresses, await PortAsync(port, "port_security"));
        var dhcp = await PortAsync(port, "dhcpv4_options");
        Assert.Equal("172.16.255.128/26", await lab.Sandbox.NbctlAsync("--bare", "--columns=cidr", "list", "DHCP_Options", dhcp));
        var options = await lab.Sandbox.NbctlAsync("--bare", "--columns=options", "list", "DHCP_Options", dhcp);
        Assert.Contains("router=172.16.255.129", options, StringComparison.Ordinal);
        Assert.Contains("server_mac=02:ac:10:ff:01:29", options, StringComparison.Ordinal);
    }

    private Task<string> PortAsync(string port, string column) =>
        lab.Sandbox.NbctlAsync("--bare", $"--columns={column}", "find", "Logical_Switch_Port", $"name={port}");

    private async Task<string> VsctlAsync(params string[] arguments) =>
        (await lab.Sandbox.VsctlAsync("ubuntu2", arguments)).Replace("\"", "", StringComparison.Ordinal);
}
