using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using TestServers;

namespace EndToEnd.Tests;

/// <summary>A container that gets another tag: OVN and the host change one after the other, and until both have, and nothing leads to the old tag any more, it is not ready.</summary>
public sealed partial class RetagTests(Lab lab) : IAsyncLifetime
{
    private const string Vm = "/v1/vms/retag",
        Container = $"{Vm}/containers/mover",
        Host = "ubuntu3";

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
        await lab.PutAsync(Container, Mover(51));
        await lab.WhenReadyAsync(Container);
    }

    public async ValueTask DisposeAsync()
    {
        await lab.RemoveAsync($"{Vm}?cascade=true");
        await lab.ReadyAsync();
    }

    [Fact]
    public async Task Under_ping_a_tag_changes_with_few_pings_lost_never_ready_while_ovn_and_host_differ_and_the_old_one_is_anothers_after_cooling()
    {
        await using var ping = lab.Sandbox.Start(Host, ["ip", "netns", "exec", "mover", "ping", "-i", "0.05", lab["vm1"].Ip]);
        await ping.LineAsync("icmp_seq=20");
        await lab.PutAsync(Container, Mover(60));
        await Eventually.Holds("it is ready with its new tag", async () =>
        {
            // First what is claimed, then what is: both are of now on.
            if (!(bool)(await lab.GetAsync(Container))["status"]!["ready"]!)
            {
                return false;
            }

            Assert.Equal(("60", "60"), (await NorthboundTagAsync(), await lab.Sandbox.VsctlAsync(Host, "get", "Port", "mover", "tag")));
            return true;
        });

        Assert.Equal(
            (20, 20),
            Count(await lab.Sandbox.ExecAsync(Host, "ip", "netns", "exec", "mover", "ping", "-c", "20", "-i", "0.05", lab["vm1"].Ip))
        );
        await ping.StopAsync(Signal.Interrupt);
        var (sent, received) = Count(ping.Output);
        Lab.Tell($"{sent - received} of {sent} pings lost, one each 50 ms");
        Assert.True(received > 20);

        var states = new List<string>();
        await Eventually.Holds("the old tag is another's", async () =>
        {
            using var response = await lab.Server.Client.PutAsJsonAsync(
                new Uri($"{Vm}/containers/heir", UriKind.Relative),
                Spec(new() { ["vlan"] = 51, ["addressing"] = "static" })
            );
            if (
                !response.IsSuccessStatusCode
                && (string)(await lab.GetAsync($"{Vm}/vlan-leases/51"))["status"]!["state"]! is var state
                && states.LastOrDefault() != state
            )
            {
                states.Add(state);
            }

            return response.IsSuccessStatusCode;
        });
        Assert.DoesNotContain("bound", states);
        await lab.WhenReadyAsync($"{Vm}/containers/heir");
        Assert.True(await lab.Sandbox.PingsAsync(Host, "heir", lab["vm1"].Ip));
        Assert.True(await lab.Sandbox.PingsAsync(Host, "mover", lab["vm1"].Ip));
    }

    [Fact]
    public async Task With_a_dead_ovn_controller_it_is_not_ready_though_NB_and_bridge_agree_and_says_why()
    {
        await lab.Sandbox.KillAsync(Host, "controller");
        await lab.PutAsync(Container, Mover(60));
        await Eventually.Holds("NB and bridge have the new tag", async () =>
            await NorthboundTagAsync() == "60" && await lab.Sandbox.VsctlAsync(Host, "get", "Port", "mover", "tag") == "60"
        );
        var status = await Eventually.Becomes(
            "the reason is the host's flows",
            async () => (await lab.GetAsync(Container))["status"]!,
            s => ((string)s["message"]!).Contains("former tag 51", StringComparison.Ordinal)
        );
        Assert.Equal((false, "HostPending"), ((bool)status["ready"]!, (string)status["reason"]!));
        Assert.False(await lab.Sandbox.PingsAsync(Host, "mover", lab["vm1"].Ip));

        await lab.Sandbox.StartAsync(Host, "controller");
        await lab.WhenReadyAsync(Container);
        // The first that follow may fall to the ARP that went unanswered.
        await Eventually.Holds("it pings again", () => lab.Sandbox.PingsAsync(Host, "mover", lab["vm1"].Ip));
    }

    private static JsonObject Mover(int tag) => Spec(new() { ["vlan"] = tag, ["addressing"] = "static" });

    private static JsonObject Spec(JsonObject spec) => new() { ["spec"] = spec };

    private Task<string> NorthboundTagAsync() => lab.Sandbox.NbctlAsync("get", "Logical_Switch_Port", "dmz-retag-mover", "tag");

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
