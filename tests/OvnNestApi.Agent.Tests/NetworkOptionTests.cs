using OvnNestApi.Contracts;
using static OvnNestApi.Agent.Tests.SampleWork;

namespace OvnNestApi.Agent.Tests;

/// <summary>Options of a network that change while its ports are in place, on a real host with DHCP by OVN.</summary>
public sealed class NetworkOptionTests(LabHost host) : IClassFixture<LabHost>
{
    [Fact]
    public async Task Changed_options_of_a_network_reach_devices_in_place_without_a_new_DHCP_client()
    {
        await AssertAppliedAsync(device => device with { DnsServers = ["10.0.0.53"], DomainName = "a.example" });
        var client = await host.ExecAsync("ip", "netns", "pids", "c51");
        await AssertResolvConfAsync("search a.example\nnameserver 10.0.0.53");
        await host.ExecAsync("sh", "-c", "echo nameserver 10.0.0.66 >/etc/netns/c51/resolv.conf");

        await AssertAppliedAsync(device => device with { DnsServers = [], DomainName = "b.example" });
        await AssertResolvConfAsync("search b.example");

        await AssertAppliedAsync(device => device with { DnsServers = [], Gateway = null });
        await AssertResolvConfAsync("");
        Assert.Equal("", await host.ExecAsync("ip", "-n", "c51", "route", "show", "default"));

        var row = await host.Sandbox.NbctlAsync("--bare", "--columns=_uuid", "list", "DHCP_Options");
        await host.Sandbox.NbctlAsync("set", "DHCP_Options", row, "options:lease_time=7200");
        await AssertAppliedAsync(device => device with { LeaseTime = 7200 });
        Assert.Equal(client, await host.ExecAsync("ip", "netns", "pids", "c51"));
    }

    private async Task AssertAppliedAsync(Func<DeviceWork, DeviceWork> change)
    {
        var work = new[] { C51, C52 }.Aggregate(VmWithTwoContainers, (work, id) =>
            work.WithContainer(id, c => c with { Device = change(c.Device with { FollowsDhcp = false }) })
        );
        work = work.WithContainer(C52, c => c with { Device = c.Device with { Address = "10.0.0.152/24" } });
        var report = await host.ApplyAsync(work);
        Assert.All(report.Objects, item => Assert.Equal((null, $"digest-{item.Id}"), (item.Error, item.Digest)));
    }

    private async Task AssertResolvConfAsync(string text)
    {
        foreach (var name in new[] { "c51", "c52" })
        {
            Assert.Equal(text, await host.ExecAsync("ip", "netns", "exec", name, "cat", "/etc/resolv.conf"));
        }
    }
}
