using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using TestServers;

namespace EndToEnd.Tests;

/// <summary>
/// Change of a container's tag. OVN and the host change at different times; the container is ready only when both have the new tag and no
/// OpenFlow flow has the old tag.
/// </summary>
public sealed partial class RetagTests(Lab lab) : IAsyncLifetime
{
    private const string Vm = "/v1/vms/retag",
        Container = $"{Vm}/containers/mover",
        Successor = $"{Vm}/containers/heir",
        Host = "ubuntu3";

    /// <summary>Creates a VM with the container "mover", which has tag 51.</summary>
    public async ValueTask InitializeAsync()
    {
        await lab.ReadyAsync();
        await lab.PutAsync(Vm, Lab.Spec($$"""{"network":"dmz","host":"{{Host}}","workload":"port","addressing":"none"}"""));
        await lab.PutAsync(Container, StaticWithTag(51));
        await lab.WhenReadyAsync(Container);
    }

    public async ValueTask DisposeAsync()
    {
        await lab.RemoveAsync($"{Vm}?cascade=true");
        await lab.ReadyAsync();
    }

    [Fact]
    public async Task A_tag_changes_under_traffic_and_the_container_is_not_ready_while_OVN_and_host_differ()
    {
        await using var ping = lab.Sandbox.Start(Host, ["ip", "netns", "exec", "mover", "ping", "-i", "0.05", lab["vm1"].Ip]);
        await ping.WaitForLineAsync("icmp_seq=20");
        await lab.PutAsync(Container, StaticWithTag(60));
        await ReadyWithTag60Async();

        string[] pings = ["ip", "netns", "exec", "mover", "ping", "-c", "20", "-i", "0.05", lab["vm1"].Ip];
        Assert.Equal((20, 20), Count(await lab.Sandbox.ExecAsync(Host, pings)));
        await ping.StopAsync(Signal.Interrupt);
        var (sent, received) = Count(ping.Output);
        Lab.Log($"{sent - received} of {sent} pings lost; one ping is sent every 50 ms");
        Assert.True(received > 20);

        await SuccessorGetsOldTagAsync();
        Assert.True(await lab.Sandbox.PingsAsync(Host, "heir", lab["vm1"].Ip));
        Assert.True(await lab.Sandbox.PingsAsync(Host, "mover", lab["vm1"].Ip));
    }

    [Fact]
    public async Task A_container_is_not_ready_and_says_why_while_a_dead_ovn_controller_keeps_flows_of_its_old_tag()
    {
        await lab.Sandbox.KillAsync(Host, "controller");
        await lab.PutAsync(Container, StaticWithTag(60));
        await Eventually.Holds("the northbound database and the bridge have the new tag", async () =>
            await NorthboundTagAsync() == "60" && await HostTagAsync() == "60"
        );
        var status = await Eventually.Becomes(
            "the message names the old tag's flows",
            async () => (await lab.GetAsync(Container))["status"]!,
            status => ((string)status["message"]!).Contains("former tag 51", StringComparison.Ordinal)
        );
        Assert.Equal((false, "HostPending"), ((bool)status["ready"]!, (string)status["reason"]!));
        Assert.False(await lab.Sandbox.PingsAsync(Host, "mover", lab["vm1"].Ip));

        await lab.Sandbox.StartAsync(Host, "controller");
        await lab.WhenReadyAsync(Container);
        // The first pings may be lost, because ARP requests got no answer before.
        await Eventually.Holds("a ping succeeds", () => lab.Sandbox.PingsAsync(Host, "mover", lab["vm1"].Ip));
    }

    /// <summary>Waits until the container is ready, and checks at that moment that OVN and the host have tag 60.</summary>
    private async Task ReadyWithTag60Async()
    {
        await lab.WhenReadyAsync(Container);
        Assert.Equal(("60", "60"), (await NorthboundTagAsync(), await HostTagAsync()));
    }

    /// <summary>Gives tag 51 to another container as soon as it is free, and checks that it is never bound in between.</summary>
    private async Task SuccessorGetsOldTagAsync()
    {
        var states = new List<string?>();
        await lab.PutWhenTagIsFreeAsync(Successor, StaticWithTag(51), async () => states.Add(await lab.TagStateAsync("retag", 51)));
        Assert.DoesNotContain("bound", states);
        await lab.WhenReadyAsync(Successor);
    }

    private static JsonObject StaticWithTag(int tag) => Lab.Spec($$"""{"vlan":{{tag}},"addressing":"static"}""");

    private Task<string> NorthboundTagAsync() => lab.Sandbox.NbctlAsync("get", "Logical_Switch_Port", "dmz-retag-mover", "tag");

    private Task<string> HostTagAsync() => lab.Sandbox.VsctlAsync(Host, "get", "Port", "mover", "tag");

    /// <summary>Returns the counts of the summary that ping prints.</summary>
    private static (int Sent, int Received) Count(string output)
    {
        var match = Summary().Match(output);
        return (
            int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture),
            int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture)
        );
    }

    [GeneratedRegex(@"(\d+) packets transmitted, (\d+) received")]
    private static partial Regex Summary();
}
