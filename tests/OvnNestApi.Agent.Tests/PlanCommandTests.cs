using TestServers;
using static OvnNestApi.Agent.Tests.SampleWork;

namespace OvnNestApi.Agent.Tests;

/// <summary>The command <c>plan</c> on a real host.</summary>
public sealed class PlanCommandTests(LabHost host) : IClassFixture<LabHost>
{
    [Fact]
    public async Task Typed_on_an_empty_host_the_lines_give_the_ports_that_the_agent_wants_and_the_next_plan_is_empty()
    {
        var work = VmWithTwoContainers.WithContainer(C52, container =>
            container with
            {
                Device = container.Device with { Address = "10.0.0.152/24" },
            }
        );
        var lines = await host.PlanAsync(work);
        Assert.False(Directory.Exists(host.State), "plan wrote to the state folder");
        Assert.DoesNotContain("br-vm5", await host.VsctlAsync("list-br"), StringComparison.Ordinal);

        await host.TypeAsync(lines);

        await Eventually.Holds("c51 reaches the gateway", () => host.PingsAsync("c51"));
        Assert.True(await host.PingsAsync("vm5"));
        Assert.True(await host.PingsAsync("c52"));
        Assert.Equal("[0, 51, 52]", await host.VsctlAsync("get", "Port", "brvm5-brint", "trunks"));
        Assert.Equal("nameserver 10.0.0.2", await host.ExecAsync("ip", "netns", "exec", "c52", "cat", "/etc/resolv.conf"));

        // A DHCP client that was started by hand is not the agent's. Everything else is in place.
        var rest = (await host.PlanAsync(work)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["ip netns exec vm5 udhcpc -b -i vm5", "ip netns exec c51 udhcpc -b -i c51"], rest);

        // A container that is no longer wanted, and one with another tag.
        var smaller = work.With(Vm5, vm => vm with { Containers = [Container(C51, "c51", 53)] }) with
        {
            Remove = [Removal(C52, "c52", "br-vm5")],
        };
        await host.TypeAsync(await host.PlanAsync(smaller));

        Assert.Equal("53", await host.VsctlAsync("get", "Port", "c51", "tag"));
        Assert.Equal("[0, 53]", await host.VsctlAsync("get", "Port", "brvm5-brint", "trunks"));
        Assert.DoesNotContain("c52", await host.ExecAsync("ip", "netns", "list"), StringComparison.Ordinal);
        Assert.DoesNotContain("c52", await host.VsctlAsync("list-ports", "br-vm5"), StringComparison.Ordinal);
    }
}
