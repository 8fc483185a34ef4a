using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using TestServers;

namespace EndToEnd.Tests;

/// <summary>A VM moves with its containers from host to host, while another VM pings all of them without a pause.</summary>
public sealed partial class MoveTests(Lab lab) : IAsyncLifetime
{
    private const string Vm = "/v1/vms/nomad";
    private static readonly string[] Hosts = ["ubuntu1", "ubuntu2", "ubuntu3"];
    private static readonly string[] Namespaces = ["nomad", "nomad-a", "nomad-b"];

    private static int Moves => Soak.Size("moves", 2, 30);

    public async ValueTask InitializeAsync()
    {
        await lab.ReadyAsync();
        await lab.PutAsync(Vm, On(Hosts[0]));
        foreach (var (name, tag) in new[] { ("nomad-a", 71), ("nomad-b", 72) })
        {
            await lab.PutAsync($"{Vm}/containers/{name}", Lab.Spec($$"""{"vlan":{{tag}}}"""));
        }

        await lab.ReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await lab.RemoveAsync($"{Vm}?cascade=true");
        await lab.ReadyAsync();
    }

    [Fact, Trait(Soak.Trait, "moves")]
    public async Task Moves_under_traffic_duplicate_nothing_and_leave_nothing_behind()
    {
        List<ChildProcess> pings = [];
        try
        {
            foreach (var path in new[] { Vm, $"{Vm}/containers/nomad-a", $"{Vm}/containers/nomad-b" })
            {
                var ip = (string)(await lab.GetAsync(path))["status"]!["effective"]!["ip"]!;
                string[] ping = ["ip", "netns", "exec", lab["vm1"].Namespace, "ping", "-D", "-i", "0.05", ip];
                pings.Add(lab.Sandbox.Start(lab["vm1"].Host, ping));
                await pings[^1].WaitForLineAsync("icmp_seq=2");
            }

            for (var move = 1; move <= Moves; move++)
            {
                await MoveAsync(Hosts[move % Hosts.Length]);
                Lab.Log($"move {move}: longest gaps so far {string.Join(", ", pings.Select(LongestGap).Select(gap => $"{gap:0.00} s"))}");
            }
        }
        finally
        {
            foreach (var ping in pings)
            {
                await ping.StopAsync(Signal.Interrupt);
            }
        }

        Assert.All(pings, ping => Assert.DoesNotContain("DUP", ping.Output, StringComparison.Ordinal));
        Assert.All(pings, ping => Assert.InRange(LongestGap(ping), 0, 30));
    }

    private async Task MoveAsync(string host)
    {
        await lab.PutAsync(Vm, On(host));
        await Eventually.Holds("the VM is ready on its new host", async () =>
            (bool)(await lab.WhenReadyAsync(Vm))["status"]!["ready"]! && (await NamespacesAsync(host)).IsSupersetOf(Namespaces)
        );
        foreach (var container in Namespaces[1..])
        {
            await lab.WhenReadyAsync($"{Vm}/containers/{container}");
        }

        var answered = Namespaces.Select(name => lab.Sandbox.PingsAsync(host, name, lab["vm1"].Ip));
        Assert.All(await Task.WhenAll(answered), Assert.True);
        foreach (var other in Hosts.Where(other => other != host))
        {
            await Eventually.Holds($"nothing is left on {other}", async () =>
                !(await NamespacesAsync(other)).Overlaps(Namespaces)
                && !await lab.Sandbox.SucceedsAsync(other, "ovs-vsctl", "br-exists", "br-nomad")
            );
        }
    }

    private static JsonObject On(string host) => Lab.Spec($$"""{"network":"dmz","host":"{{host}}"}""");

    private async Task<HashSet<string>> NamespacesAsync(string host) =>
        [.. (await lab.Sandbox.ExecAsync(host, "ip", "netns", "list")).Split('\n').Select(line => line.Split(' ')[0])];

    /// <summary>Longest time between two replies, in seconds.</summary>
    private static double LongestGap(ChildProcess ping)
    {
        var times = Reply().Matches(ping.Output).Select(reply => double.Parse(reply.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
        var replies = times.ToList();
        return replies.Zip(replies.Skip(1), (earlier, later) => later - earlier).DefaultIfEmpty(0).Max();
    }

    [GeneratedRegex(@"\[(\d+\.\d+)\] \d+ bytes from")]
    private static partial Regex Reply();
}
