using OvnNestApi.Contracts;
using TestServers;
using static OvnNestApi.Agent.Tests.SampleWork;

namespace OvnNestApi.Agent.Tests;

/// <summary>The command <c>apply</c> on a real host: Open vSwitch, ovn-controller, namespaces, DHCP by OVN.</summary>
public sealed class ApplyCommandTests(LabHost host) : IClassFixture<LabHost>
{
    // c52 has the static address of its logical port.
    private static readonly HostWork Work = VmWithTwoContainers.WithContainer(C52, container =>
        container with
        {
            Device = container.Device with { Address = "10.0.0.152/24" },
        }
    );

    [Fact]
    public async Task A_VM_and_its_containers_get_their_addresses_and_reach_the_gateway()
    {
        var resolvConfOfHost = await host.ExecAsync("cat", "/etc/resolv.conf");

        var report = await host.ApplyAsync(Work);

        AssertInPlace(report);
        Assert.Equal(
            [(Vm5, "10.0.0.101"), (C51, "10.0.0.151"), (C52, "10.0.0.152")],
            report.Objects.Select(item => (item.Id, item.Address))
        );
        Assert.Equal([51, 52], Assert.Single(report.Bridges).Tags);
        Assert.Equal("h1", report.SystemId);
        await AssertPingsAsync();
        Assert.Equal("0", await host.VsctlAsync("get", "Port", "vm5", "tag"));
        Assert.Equal("[0, 51, 52]", await host.VsctlAsync("get", "Port", "brvm5-brint", "trunks"));
        Assert.Equal("nameserver 10.0.0.2", await host.ExecAsync("ip", "netns", "exec", "c52", "cat", "/etc/resolv.conf"));
        Assert.Equal(resolvConfOfHost, await host.ExecAsync("cat", "/etc/resolv.conf"));
    }

    public static TheoryData<string> Damages =>
        ["namespace", "device", "port", "bridge", "tags", "addresses", "routes", "vswitchd", "database", "machine"];

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task A_damaged_host_is_repaired(string what)
    {
        AssertInPlace(await host.ApplyAsync(Work));
        await DamageAsync(what);

        AssertInPlace(await host.ApplyAsync(Work));
        await AssertPingsAsync();
        Assert.Equal(2, host.Clients().Count);
        Assert.Equal("51", await host.VsctlAsync("get", "Port", "c51", "tag"));
    }

    [Fact]
    public async Task A_foreign_namespace_is_not_changed_and_blocks_only_its_own_container()
    {
        var other = new Guid("cccccccc-0000-0000-0000-000000000053");
        await host.ExecAsync("ip", "netns", "add", "c53");
        var before = await host.ExecAsync("ip", "netns", "exec", "c53", "readlink", "/proc/self/ns/net");

        var report = await host.ApplyAsync(Work.With(Vm5, vm => vm with { Containers = [.. vm.Containers, Container(other, "c53", 53)] }));

        Assert.StartsWith("namespace c53 exists and is not ours", report.Objects.Single(item => item.Id == other).Error);
        Assert.All(report.Objects.Where(item => item.Id != other), item => Assert.Null(item.Error));
        Assert.Equal(before, await host.ExecAsync("ip", "netns", "exec", "c53", "readlink", "/proc/self/ns/net"));
        await host.ExecAsync("ip", "netns", "delete", "c53");
    }

    [Fact]
    public async Task Only_default_routes_that_compete_with_the_wanted_one_are_removed()
    {
        AssertInPlace(await host.ApplyAsync(Work));
        foreach (var name in new[] { "c51", "c52" })
        {
            var wanted = await RoutesAsync(name);
            await host.ExecAsync("ip", "-n", name, "route", "add", "default", "via", "10.0.0.66", "metric", "50");
            await host.ExecAsync("ip", "-n", name, "route", "add", "10.99.0.0/16", "via", "10.0.0.66");
            var users = await RoutesAsync(name);
            await host.ExecAsync("ip", "-n", name, "route", "prepend", "default", "via", "10.0.0.67");

            AssertInPlace(await host.ApplyAsync(Work));

            Assert.Equal(users, await RoutesAsync(name));
            await host.ExecAsync("ip", "-n", name, "route", "delete", "default", "metric", "50");
            await host.ExecAsync("ip", "-n", name, "route", "delete", "10.99.0.0/16");
            Assert.Equal(wanted, await RoutesAsync(name));
        }
    }

    [Fact]
    public async Task An_agent_that_lost_its_state_recognizes_what_is_ours_and_refuses_what_is_not()
    {
        AssertInPlace(await host.ApplyAsync(Work));
        var before = await NamespaceIdsAsync();
        Directory.Delete(host.State, recursive: true);

        AssertInPlace(await host.ApplyAsync(Work));

        Assert.Equal(before, await NamespaceIdsAsync());
        await AssertPingsAsync();
        Assert.Equal(2, host.Clients().Count);

        // A namespace that was created, but into which nothing was moved yet.
        await host.VsctlAsync("del-port", "c52");
        await Eventually.Holds("the device is gone", async () =>
            !await host.Sandbox.SucceedsAsync("h1", "ip", "-n", "c52", "link", "show", "dev", "c52")
        );
        Directory.Delete(host.State, recursive: true);
        AssertInPlace(await host.ApplyAsync(Work));
        Assert.Equal(before, await NamespaceIdsAsync());

        Directory.Delete(host.State, recursive: true);
        await host.ExecAsync("ip", "netns", "delete", "c52");
        await host.ExecAsync("ip", "netns", "add", "c52");
        var foreign = await NamespaceIdsAsync();
        var report = await host.ApplyAsync(Work);
        Assert.StartsWith("namespace c52 exists and is not ours", report.Objects.Single(item => item.Id == C52).Error);
        Assert.Equal(foreign, await NamespaceIdsAsync());
        await host.ExecAsync("ip", "netns", "delete", "c52");
    }

    [Fact]
    public async Task A_name_of_a_namespace_whose_creation_was_cut_off_is_used_again()
    {
        await host.ApplyAsync(Work);
        Directory.Delete(host.State, recursive: true);
        await host.ExecAsync("ip", "netns", "delete", "c52");
        await host.ExecAsync("sh", "-c", $"printf ovnnest:{Installation}:{C52} >/run/netns/c52");

        AssertInPlace(await host.ApplyAsync(Work));
    }

    [Fact]
    public async Task A_device_in_a_container_is_not_in_place_after_a_restart_of_ovs_vswitchd_until_the_container_starts_again()
    {
        var work = Work.WithContainer(C52, container => container with { Device = container.Device with { Workload = Workload.Port } });
        AssertInPlace(await host.ApplyAsync(work));
        await StartContainerAsync();
        AssertInPlace(await host.ApplyAsync(work));
        await host.KillAsync("vswitchd");
        await host.StartAsync("vswitchd");

        var report = (await host.ApplyAsync(work)).Objects.Single(item => item.Id == C52);

        Assert.Contains("start the container again", report.Error);
        Assert.Null(report.Digest);
        await host.ExecAsync("ip", "netns", "delete", "runtime");
        await StartContainerAsync();
        AssertInPlace(await host.ApplyAsync(work));
        await host.ExecAsync("ip", "netns", "delete", "runtime");
        await host.VsctlAsync("del-port", "c52");

        // As a container runtime does: the device gets another name in the container.
        Task StartContainerAsync() =>
            host.ExecAsync(
                "sh",
                "-c",
                "ip netns add runtime && ip link set dev c52 netns runtime name eth0 && ip -n runtime link set dev eth0 up"
            );
    }

    [Fact]
    public async Task An_agent_that_was_killed_continues_without_a_second_DHCP_client()
    {
        for (var round = 1; round <= 5; round++)
        {
            await host.ExecAsync("sh", "-c", "ovs-vsctl --if-exists del-br br-vm5; ip netns delete c51 2>/dev/null || true");
            await using var agent = host.StartApply(Work);
            await Eventually.Holds($"the agent starts to change the host in round {round}", () =>
                agent.HasExited || agent.Output.Split("Work c1").Length > round
            );
            await agent.KillAsync();
        }

        AssertInPlace(await host.ApplyAsync(Work));
        await AssertPingsAsync();
        Assert.Equal(2, host.Clients().Count);
        Assert.Equal(["c51", "c52", "vm5"], await NamespacesAsync());
    }

    [Fact]
    public async Task A_removal_leaves_nothing_and_is_confirmed()
    {
        await host.ApplyAsync(Work);
        var work = Of() with { Remove = [Removal(Vm5, "vm5", "br-vm5"), Removal(C51, "c51", "br-vm5"), Removal(C52, "c52", "br-vm5")] };

        var report = await host.ApplyAsync(work);

        Assert.Equal([Vm5, C51, C52], report.Removed);
        Assert.Equal(["br-int", "br-phys"], (await host.VsctlAsync("list-br")).Split('\n'));
        Assert.Equal("", await host.VsctlAsync("list-ports", "br-int"));
        Assert.Empty(await NamespacesAsync());
        Assert.Empty(host.Clients());
        Assert.Equal("", await host.ExecAsync("ls", "/etc/netns"));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(host.State, "clients")));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(host.State, "namespaces")));
    }

    [Fact]
    public async Task Resources_that_the_work_does_not_mention_keep_working()
    {
        await host.ApplyAsync(Work);
        var report = await host.ApplyAsync(Of());
        Assert.Equal([Vm5, C51, C52], report.Unknown.Select(item => item.Id));
        await AssertPingsAsync();
    }

    private async Task DamageAsync(string what)
    {
        switch (what)
        {
            case "namespace":
                await host.ExecAsync("ip", "netns", "delete", "c51");
                break;
            case "device":
                await host.ExecAsync("ip", "-n", "c51", "link", "delete", "dev", "c51");
                break;
            case "port":
                await host.VsctlAsync("del-port", "c51");
                break;
            case "bridge":
                await host.VsctlAsync("del-br", "br-vm5");
                break;
            case "tags":
                await host.VsctlAsync("set", "Port", "c51", "tag=52");
                await host.VsctlAsync("clear", "Port", "brvm5-brint", "trunks");
                await host.VsctlAsync("set", "Interface", "brint-brvm5", "external_ids:iface-id=x");
                break;
            case "addresses":
                await host.ExecAsync("ip", "-n", "c51", "address", "flush", "dev", "c51");
                await host.ExecAsync("ip", "-n", "c52", "address", "flush", "dev", "c52");
                await host.ExecAsync("ip", "-n", "vm5", "link", "set", "dev", "vm5", "address", "02:00:00:00:00:07", "mtu", "900");
                break;
            case "routes":
                await host.ExecAsync("ip", "-n", "c51", "route", "prepend", "default", "via", "10.0.0.66");
                await host.ExecAsync(
                    "ip",
                    "-n",
                    "c52",
                    "route",
                    "prepend",
                    "default",
                    "nexthop",
                    "via",
                    "10.0.0.66",
                    "nexthop",
                    "via",
                    "10.0.0.67"
                );
                await host.ExecAsync("ip", "-n", "vm5", "route", "prepend", "blackhole", "default");
                break;
            case "vswitchd":
                await host.KillAsync("vswitchd");
                await host.StartAsync("vswitchd");
                break;
            case "database":
                await host.EmptyAsync("ovsdb");
                break;
            case "machine":
                await RebootAsync();
                break;
        }
    }

    // Ends what does not survive a reboot: processes, namespaces and the devices of ovs-vswitchd.
    private async Task RebootAsync()
    {
        foreach (var name in await NamespacesAsync())
        {
            await host.ExecAsync("sh", "-c", $"kill $(ip netns pids {name}) 2>/dev/null || true");
            await host.ExecAsync("ip", "netns", "delete", name);
        }

        await host.KillAsync("vswitchd");
        await host.StartAsync("vswitchd");
    }

    private async Task AssertPingsAsync()
    {
        foreach (var name in new[] { "vm5", "c51", "c52" })
        {
            await Eventually.Holds($"{name} reaches its gateway", () => host.PingsAsync(name));
        }
    }

    private Task<string> RoutesAsync(string name) => host.ExecAsync("ip", "-n", name, "route", "show");

    private Task<string> NamespaceIdsAsync() =>
        host.ExecAsync("sh", "-c", "for n in vm5 c51 c52; do ip netns exec $n readlink /proc/self/ns/net; done");

    private async Task<string[]> NamespacesAsync()
    {
        var lines = (await host.ExecAsync("ip", "netns", "list")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Select(line => line.Split(' ')[0]).Order()];
    }

    private static void AssertInPlace(HostReport report) =>
        Assert.All(report.Objects, item => Assert.Equal((null, $"digest-{item.Id}"), (item.Error, item.Digest)));
}
