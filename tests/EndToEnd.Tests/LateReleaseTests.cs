using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using TestServers;

namespace EndToEnd.Tests;

/// <summary>A tag is had again only when everybody to whom it was given has let go of it. Each of them is late in turn.</summary>
public sealed class LateReleaseTests(Lab lab) : IAsyncLifetime
{
    private const string Vm = "/v1/vms/late",
        Old = $"{Vm}/containers/old",
        Next = $"{Vm}/containers/next",
        Lease = $"{Vm}/vlan-leases/70",
        Host = "ubuntu2";

    /// <summary>A VM of its own beside vm5; its container <c>old</c> in vm1's network has tag 70.</summary>
    public async ValueTask InitializeAsync()
    {
        await lab.ReadyAsync();
        await lab.PutAsync(
            Vm,
            Spec(
                new()
                {
                    ["network"] = "dmz",
                    ["host"] = Host,
                    ["workload"] = "port",
                    ["addressing"] = "none",
                }
            )
        );
        await lab.PutAsync(Old, Spec(new() { ["vlan"] = 70, ["addressing"] = "static" }));
        await lab.WhenReadyAsync(Old);
    }

    public async ValueTask DisposeAsync()
    {
        await lab.RemoveAsync($"{Vm}?cascade=true");
        await lab.ReadyAsync();
    }

    [Theory]
    [InlineData("the agent hangs", new[] { "host ubuntu2, whose agent has not done the work without the tag yet" })]
    [InlineData("the agent dies", new[] { "host ubuntu2, whose agent has not done the work without the tag yet" })]
    [InlineData("the NB is away", new[] { "the northbound database", "host ubuntu2, whose flows have to follow the northbound database" })]
    public async Task A_tag_stays_draining_and_tells_whom_it_waits_for_while(string late, string[] waitedFor)
    {
        var agent = lab.Agents[Host];
        await (
            late switch
            {
                "the agent hangs" => PausedAsync(agent),
                "the agent dies" => agent.KillAsync(),
                _ => lab.Sandbox.KillAsync("central", "nb"),
            }
        );
        using (await lab.DeleteAsync(Old)) { }

        var waiting = await Eventually.Becomes("all but the late one have let go", WaitingForAsync, w =>
            w.Length == waitedFor.Length && w.Zip(waitedFor, (a, b) => a.StartsWith(b, StringComparison.Ordinal)).All(it => it)
        );
        Lab.Tell(string.Join("; ", waiting));
        Assert.Equal((HttpStatusCode.Conflict, "draining"), (await TryNextAsync(), await StateAsync()));
        if (late == "the NB is away")
        {
            Assert.Equal("", await lab.Sandbox.VsctlAsync(Host, "--bare", "--columns=name", "find", "Port", "tag=70"));
            await lab.Sandbox.StartAsync("central", "nb");
        }
        else
        {
            Assert.Equal("", await lab.Sandbox.NbctlAsync("--bare", "--columns=name", "find", "Logical_Switch_Port", "name=dmz-late-old"));
            Assert.Equal("old", await lab.Sandbox.VsctlAsync(Host, "--bare", "--columns=name", "find", "Port", "tag=70"));
            Resume(agent);
        }

        var took = await Eventually.Holds("the tag cools down", async () => await StateAsync() is "cooling" or "free");
        Lab.Tell($"it cools {took.TotalSeconds:0.0} s after the late one was back");
    }

    [Fact]
    public async Task While_ovn_controller_is_dead_nobody_gets_the_tag_and_afterwards_no_frame_of_the_old_network_reaches_its_next_owner()
    {
        await using var broadcasts = Broadcasts();
        await lab.Sandbox.KillAsync(Host, "controller");
        await ReleasedButForFlowsAsync();
        Assert.Equal((HttpStatusCode.Conflict, "draining"), (await TryNextAsync(), await StateAsync()));

        await lab.Sandbox.StartAsync(Host, "controller");
        await NextHasItAsync();
        await using var witness = Capture(lab["vm5"].Namespace);
        await using var capture = await CaptureNextAsync();
        await lab.WhenReadyAsync(Next);
        await Eventually.Holds("another port of the old network has had 30 of its broadcasts", () => Frames(witness) >= 30);
        Assert.Equal(0, Frames(capture));
    }

    [Fact]
    public async Task Released_too_early_by_force_the_tag_brings_the_old_networks_frames_to_its_next_owner_and_it_is_recorded_who_did_that()
    {
        var changes = (string)(await lab.GetAsync("/v1/vms"))["changesCursor"]!;
        await using var broadcasts = Broadcasts();
        await lab.Sandbox.KillAsync(Host, "controller");
        await ReleasedButForFlowsAsync();
        using (var forced = await lab.DeleteAsync($"{Lease}?force=true"))
        {
            Assert.Equal(HttpStatusCode.NoContent, forced.StatusCode);
        }

        Assert.Equal(HttpStatusCode.Created, await TryNextAsync());
        await using (var capture = await CaptureNextAsync())
        {
            await Eventually.Holds("frames of the old network reach the next owner", () => Frames(capture) >= 5);
        }

        var forcedBy = (await lab.GetAsync($"/v1/changes?after={changes}&kind=vlan-lease&vm=late"))["items"]!
            .AsArray()
            .Single(c => (string)c!["action"]! == "forced");
        Assert.Equal(("key:admin", "70"), ((string)forcedBy!["by"]!, (string)forcedBy["name"]!));

        await lab.Sandbox.StartAsync(Host, "controller");
        await lab.WhenReadyAsync(Next);
        await using var later = await CaptureNextAsync();
        await using var witness = Capture(lab["vm5"].Namespace);
        await Eventually.Holds("another port of the old network has had 30 of its broadcasts", () => Frames(witness) >= 30);
        Assert.Equal(0, Frames(later));
    }

    [Fact]
    public async Task A_clients_lease_goes_through_all_states_and_is_its_own_again_when_its_container_is_gone()
    {
        await lab.PutAsync($"{Vm}/vlan-leases/71", Spec(new() { ["owner"] = "mine" }));
        await lab.PutAsync(
            $"{Vm}/containers/leased",
            Spec(
                new()
                {
                    ["lease"] = "mine",
                    ["workload"] = "port",
                    ["addressing"] = "none",
                }
            )
        );
        await lab.WhenReadyAsync($"{Vm}/containers/leased");
        var bound = await lab.GetAsync($"{Vm}/vlan-leases/71");
        using (await lab.DeleteAsync($"{Vm}/containers/leased")) { }

        var states = new List<string>();
        var reserved = await Eventually.Becomes(
            "the lease is its owner's again",
            () => lab.GetAsync($"{Vm}/vlan-leases/71"),
            lease =>
            {
                var status = lease["status"]!;
                if (states.LastOrDefault() != (string)status["state"]!)
                {
                    states.Add((string)status["state"]!);
                    Lab.Tell(
                        $"{states[^1]} since {status["since"]}: {status["container"]}, waiting for {status["waitingFor"]!.ToJsonString()}"
                    );
                }

                Assert.Equal(states[^1] is "draining" or "cooling", status["waitingFor"]!.AsArray().Count > 0);
                return states[^1] == "reserved";
            }
        );
        Assert.Equal(["draining", "cooling", "reserved"], states);
        Assert.Equal(
            ("bound", (string)bound["metadata"]!["id"]!),
            ((string)bound["status"]!["state"]!, (string)reserved["metadata"]!["id"]!)
        );
        Assert.Null(reserved["status"]!["container"]);
    }

    private static Task PausedAsync(AgentProcess agent)
    {
        agent.Process.Send(Signal.Pause);
        return Task.CompletedTask;
    }

    private static void Resume(AgentProcess agent)
    {
        if (agent.Process.HasExited)
        {
            agent.Start();
        }
        else
        {
            agent.Process.Send(Signal.Continue);
        }
    }

    /// <summary>Deletes the old container; then the NB and the host's bridge have let go, and only the flows of the dead ovn-controller are those of before.</summary>
    private async Task ReleasedButForFlowsAsync()
    {
        using (await lab.DeleteAsync(Old)) { }

        var waiting = await Eventually.Becomes("only the flows are late", WaitingForAsync, w =>
            w is [var one] && one.Contains("does its ovn-controller run?", StringComparison.Ordinal)
        );
        Lab.Tell(waiting[0]);
    }

    /// <summary>The next owner is in another network, vm3's.</summary>
    private async Task<HttpStatusCode> TryNextAsync()
    {
        using var response = await lab.Server.Client.PutAsJsonAsync(
            new Uri(Next, UriKind.Relative),
            Spec(
                new()
                {
                    ["vlan"] = 70,
                    ["network"] = "inside",
                    ["addressing"] = "static",
                }
            )
        );
        return response.StatusCode;
    }

    private Task<TimeSpan> NextHasItAsync() =>
        Eventually.Holds("the tag is had by its next owner", async () => await TryNextAsync() == HttpStatusCode.Created);

    private async Task<string?> StateAsync()
    {
        using var response = await lab.Server.Client.GetAsync(new Uri(Lease, UriKind.Relative));
        return response.StatusCode == HttpStatusCode.NotFound
            ? "free"
            : (string?)(await response.Content.ReadFromJsonAsync<JsonNode>())!["status"]!["state"];
    }

    private async Task<string[]> WaitingForAsync() =>
        [.. (await lab.GetAsync(Lease))["status"]!["waitingFor"]!.AsArray().Select(one => (string)one!)];

    /// <summary>vm1, on another host, calls everybody in the old network, twenty times a second.</summary>
    private ChildProcess Broadcasts() =>
        lab.Sandbox.Start(
            lab["vm1"].Host,
            ["ip", "netns", "exec", lab["vm1"].Namespace, "ping", "-q", "-i", "0.05", "-b", "172.16.255.191"]
        );

    private ChildProcess Capture(string networkNamespace) =>
        lab.Sandbox.Start(
            Host,
            ["ip", "netns", "exec", networkNamespace, "tcpdump", "-n", "-l", "-i", "any", "icmp", "and", "src", "host", lab["vm1"].Ip]
        );

    /// <summary>From the moment that there is a namespace, whatever is in it by then.</summary>
    private async Task<ChildProcess> CaptureNextAsync()
    {
        await Eventually.Holds("the next owner has a namespace", () =>
            lab.Sandbox.SucceedsAsync(Host, "ip", "netns", "exec", "next", "true")
        );
        var capture = Capture("next");
        await capture.LineAsync("listening on");
        return capture;
    }

    private static int Frames(ChildProcess capture) =>
        capture.Output.Split('\n').Count(line => line.Contains("echo request", StringComparison.Ordinal));

    private static JsonObject Spec(JsonObject spec) => new() { ["spec"] = spec };
}
