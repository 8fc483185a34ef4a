using System.Net;
using System.Text.Json.Nodes;
using TestServers;

namespace EndToEnd.Tests;

/// <summary>
/// A tag is free only when the northbound database, the host's bridge and the host's flows have released it. The tests delay each of them
/// in turn.
/// </summary>
public sealed class LateReleaseTests(Lab lab) : IAsyncLifetime
{
    private const string Vm = "/v1/vms/late",
        Old = $"{Vm}/containers/old",
        Next = $"{Vm}/containers/next",
        Lease = $"{Vm}/vlan-leases/70",
        Host = "ubuntu2";

    /// <summary>Creates a second VM on the host of vm5. Its container "old" has tag 70 and is in the network of vm1.</summary>
    public async ValueTask InitializeAsync()
    {
        await lab.ReadyAsync();
        await lab.PutAsync(Vm, Lab.Spec($$"""{"network":"dmz","host":"{{Host}}","workload":"port","addressing":"none"}"""));
        await lab.PutAsync(Old, Lab.Spec("""{"vlan":70,"addressing":"static"}"""));
        await lab.WhenReadyAsync(Old);
    }

    public async ValueTask DisposeAsync()
    {
        await lab.RemoveAsync($"{Vm}?cascade=true");
        await lab.ReadyAsync();
    }

    [Theory]
    [InlineData("the agent hangs", new[] { "host ubuntu2, whose agent has not applied the work without the tag yet" })]
    [InlineData("the agent dies", new[] { "host ubuntu2, whose agent has not applied the work without the tag yet" })]
    [InlineData(
        "the northbound database is down",
        new[] { "the northbound database", "host ubuntu2, whose flows are updated after the northbound database" }
    )]
    public async Task A_tag_drains_and_its_lease_names_what_it_waits_for_while(string fault, string[] expected)
    {
        await CauseAsync(fault);
        await lab.DeleteAsync(Old);

        var waitingFor = await Eventually.Becomes("only the delayed releases are missing", WaitingForAsync, actual =>
            actual.Length == expected.Length
            && actual.Zip(expected, (one, start) => one.StartsWith(start, StringComparison.Ordinal)).All(matches => matches)
        );
        Lab.Log(string.Join("; ", waitingFor));
        await NextIsRefusedAsync();
        await OthersHaveReleasedAsync(fault);

        await RepairAsync(fault);
        var took = await Eventually.Holds("the tag cools down or is free", async () =>
            await lab.TagStateAsync("late", 70) is "cooling" or null
        );
        Lab.Log($"the tag cools down {took.TotalSeconds:0.0} s after the repair");
    }

    [Fact]
    public async Task A_tag_is_not_reused_while_ovn_controller_is_dead_and_its_next_container_gets_no_frame_of_the_old_network()
    {
        await using var broadcasts = Broadcasts();
        await lab.Sandbox.KillAsync(Host, "controller");
        await ReleasedExceptFlowsAsync();
        await NextIsRefusedAsync();

        await lab.Sandbox.StartAsync(Host, "controller");
        await lab.PutWhenTagIsFreeAsync(Next, NextSpec());
        await using var capture = await CaptureNextAsync();
        await GetsNoFrameOfOldNetworkAsync(capture);
    }

    [Fact]
    public async Task A_forced_release_can_deliver_frames_of_the_old_network_to_the_next_container_and_the_change_log_names_the_key()
    {
        var changes = (string)(await lab.GetAsync("/v1/vms"))["changesCursor"]!;
        await using var broadcasts = Broadcasts();
        await lab.Sandbox.KillAsync(Host, "controller");
        await ReleasedExceptFlowsAsync();
        Assert.Equal(HttpStatusCode.Accepted, (await lab.SendAsync(HttpMethod.Delete, $"{Lease}?force=true")).Status);
        await NextIsRefusedAsync();

        // Only the confirmation of a silent host is not awaited.
        await lab.Agents[Host].KillAsync();
        await Eventually.Holds("the host is silent", async () =>
            (string)(await lab.GetAsync($"/v1/hosts/{Host}"))["status"]!["reason"]! == "HostSilent"
        );
        Assert.Equal(HttpStatusCode.NoContent, (await lab.SendAsync(HttpMethod.Delete, $"{Lease}?force=true")).Status);
        lab.Agents[Host].Start();

        await lab.PutAsync(Next, NextSpec());
        await using (var capture = await CaptureNextAsync())
        {
            await Eventually.Holds("the next container gets frames of the old network", () => Frames(capture) >= 5);
        }

        var forced = (await lab.GetAsync($"/v1/changes?after={changes}&kind=vlan-lease&vm=late"))["items"]!
            .AsArray()
            .Last(change => (string)change!["action"]! == "forced");
        Assert.Equal(("key:admin", "70"), ((string)forced!["by"]!, (string)forced["name"]!));

        await lab.Sandbox.StartAsync(Host, "controller");
        await lab.WhenReadyAsync(Next);
        await using var later = await CaptureNextAsync();
        await GetsNoFrameOfOldNetworkAsync(later);
    }

    [Fact]
    public async Task A_reserved_lease_drains_cools_down_and_is_reserved_again_after_its_container_is_deleted()
    {
        const string lease = $"{Vm}/vlan-leases/71",
            container = $"{Vm}/containers/leased";
        await lab.PutAsync(lease, Lab.Spec("""{"owner":"mine"}"""));
        await lab.PutAsync(container, Lab.Spec("""{"lease":"mine","workload":"port","addressing":"none"}"""));
        await lab.WhenReadyAsync(container);
        var bound = await lab.GetAsync(lease);
        Assert.Equal("bound", (string)bound["status"]!["state"]!);
        await lab.DeleteAsync(container);

        var states = new List<string>();
        var violations = new List<string>();
        var reserved = await Eventually.Becomes(
            "the lease is reserved",
            () => lab.GetAsync(lease),
            resource =>
            {
                var status = resource["status"]!;
                var state = (string)status["state"]!;
                if (states.LastOrDefault() != state)
                {
                    states.Add(state);
                    Lab.Log($"{state} since {status["since"]}: {status["container"]}, waiting for {status["waitingFor"]!.ToJsonString()}");
                }

                // A draining lease may wait for nothing for a moment: after the last confirmation and before its next state is stored.
                var isWaiting = status["waitingFor"]!.AsArray().Count > 0;
                if (state != "draining" && isWaiting != (state == "cooling"))
                {
                    violations.Add(status.ToJsonString());
                }

                return state == "reserved";
            }
        );
        Assert.Empty(violations);
        Assert.Equal(["draining", "cooling", "reserved"], states);
        Assert.Equal((string)bound["metadata"]!["id"]!, (string)reserved["metadata"]!["id"]!);
        Assert.Null(reserved["status"]!["container"]);
    }

    private async Task CauseAsync(string fault)
    {
        switch (fault)
        {
            case "the agent hangs":
                lab.Agents[Host].Process.Send(Signal.Pause);
                break;
            case "the agent dies":
                await lab.Agents[Host].KillAsync();
                break;
            default:
                await lab.Sandbox.KillAsync("central", "nb");
                break;
        }
    }

    private async Task RepairAsync(string fault)
    {
        switch (fault)
        {
            case "the agent hangs":
                lab.Agents[Host].Process.Send(Signal.Continue);
                break;
            case "the agent dies":
                lab.Agents[Host].Start();
                break;
            default:
                await lab.Sandbox.StartAsync("central", "nb");
                break;
        }
    }

    /// <summary>Asserts that the tag is released everywhere except where the fault is.</summary>
    private async Task OthersHaveReleasedAsync(string fault)
    {
        if (fault == "the northbound database is down")
        {
            Assert.Equal("", await lab.Sandbox.VsctlAsync(Host, "--bare", "--columns=name", "find", "Port", "tag=70"));
            return;
        }

        Assert.Equal("", await lab.Sandbox.NbctlAsync("--bare", "--columns=name", "find", "Logical_Switch_Port", "name=dmz-late-old"));
        Assert.Equal("old", await lab.Sandbox.VsctlAsync(Host, "--bare", "--columns=name", "find", "Port", "tag=70"));
    }

    /// <summary>
    /// Deletes the container "old", and waits until the northbound database and the bridge have released the tag. The flows stay, because
    /// ovn-controller is dead.
    /// </summary>
    private async Task ReleasedExceptFlowsAsync()
    {
        await lab.DeleteAsync(Old);
        var waitingFor = await Eventually.Becomes("only the flows have not released the tag", WaitingForAsync, actual =>
            actual is [var one] && one.Contains("check that its ovn-controller runs", StringComparison.Ordinal)
        );
        Lab.Log(waitingFor[0]);
    }

    /// <summary>The container "next" is in another network, that of vm3.</summary>
    private static JsonObject NextSpec() => Lab.Spec("""{"vlan":70,"network":"inside","addressing":"static"}""");

    private async Task NextIsRefusedAsync()
    {
        var response = await lab.SendAsync(HttpMethod.Put, Next, NextSpec());
        Assert.True(response.IsTagTaken, response.ToString());
        Assert.Equal("draining", await lab.TagStateAsync("late", 70));
    }

    private async Task<string[]> WaitingForAsync() =>
        [.. (await lab.GetAsync(Lease))["status"]!["waitingFor"]!.AsArray().Select(one => (string)one!)];

    /// <summary>Starts broadcasts of vm1, on another host, in the old network: twenty per second.</summary>
    private ChildProcess Broadcasts() =>
        lab.Sandbox.Start(
            lab["vm1"].Host,
            ["ip", "netns", "exec", lab["vm1"].Namespace, "ping", "-q", "-i", "0.05", "-b", "172.16.255.191"]
        );

    /// <summary>Starts a capture of the broadcasts that arrive in a namespace of the host.</summary>
    private ChildProcess Capture(string networkNamespace) =>
        lab.Sandbox.Start(
            Host,
            ["ip", "netns", "exec", networkNamespace, "tcpdump", "-n", "-l", "-i", "any", "icmp", "and", "src", "host", lab["vm1"].Ip]
        );

    /// <summary>Starts a capture for the container "next" as soon as its namespace exists, which may be before its device does.</summary>
    private async Task<ChildProcess> CaptureNextAsync()
    {
        await Eventually.Holds("the next container has a namespace", () =>
            lab.Sandbox.SucceedsAsync(Host, "ip", "netns", "exec", "next", "true")
        );
        var capture = Capture("next");
        await capture.WaitForLineAsync("listening on");
        return capture;
    }

    /// <summary>Asserts that "next" is ready and gets no broadcast while vm5, in the old network, gets 30.</summary>
    private async Task GetsNoFrameOfOldNetworkAsync(ChildProcess capture)
    {
        await using var captureOfVm5 = Capture(lab["vm5"].Namespace);
        await lab.WhenReadyAsync(Next);
        await Eventually.Holds("vm5 gets 30 broadcasts", () => Frames(captureOfVm5) >= 30);
        Assert.Equal(0, Frames(capture));
    }

    private static int Frames(ChildProcess capture) =>
        capture.Output.Split('\n').Count(line => line.Contains("echo request", StringComparison.Ordinal));
}
