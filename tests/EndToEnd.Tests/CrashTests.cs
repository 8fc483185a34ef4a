using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using TestServers;

namespace EndToEnd.Tests;

/// <summary>Any part may be killed at any moment: what was acknowledged stands, everything converges, nothing is there twice.</summary>
public sealed class CrashTests(Lab lab)
{
    private const int Creates = 200;

    [Fact]
    public async Task After_kill_of_the_api_an_agent_and_the_northbound_amid_200_creates_everything_acknowledged_stands_once()
    {
        await lab.ReadyAsync();
        await lab.PutAsync("/v1/networks/crowd", Spec(new JsonObject { ["subnet"] = "10.50.0.0/16", ["gateway"] = "none" }));
        await lab.PutAsync("/v1/vms/vm8", Spec(new JsonObject { ["network"] = "crowd", ["host"] = "ubuntu1" }));

        var acknowledged = new ConcurrentDictionary<string, int>();
        var faults = FaultsAsync(acknowledged);
        await Parallel.ForEachAsync(Enumerable.Range(0, Creates), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, ct) =>
            acknowledged[$"k{i}"] = await CreateAsync($"k{i}", i, ct)
        );
        await faults;

        Assert.Equal(Creates, acknowledged.Count);
        var took = await Eventually.Holds(
            "vm8 and its 200 containers are ready",
            async () =>
            {
                var readiness = await lab.GetAsync("/v1/readiness?vm=vm8");
                return (int)readiness["ready"]! >= Creates ? true : throw new InvalidOperationException(readiness.ToJsonString());
            },
            TimeSpan.FromSeconds(180)
        );
        Lab.Tell($"converged {took.TotalSeconds:0.0} s after the last create");

        // The tag that was acknowledged is the one that stands, in the database, in the NB and on the host; each once.
        foreach (var (name, tag) in acknowledged)
        {
            Assert.Equal(tag, (int)(await lab.GetAsync($"/v1/vms/vm8/containers/{name}"))["status"]!["effective"]!["vlan"]!);
        }

        var expected = acknowledged.Values.Order().ToArray();
        Assert.Equal(expected.Distinct(), expected);
        Assert.Equal(
            expected,
            await TagsAsync("central", "ovn-nbctl", "--bare", "--columns=tag", "find", "Logical_Switch_Port", "parent_name=crowd-vm8")
        );
        Assert.Equal(
            expected,
            await TagsAsync(
                "ubuntu1",
                "sh",
                "-c",
                "for p in $(ovs-vsctl list-ports br-vm8); do ovs-vsctl get Port $p tag; done | grep -v -e '\\[\\]' -e '^0$'"
            )
        );
        Assert.Equal(
            Creates,
            await Sql.CountAsync(lab.Database, "SELECT count(*) FROM vlan_leases l JOIN vms v ON v.id = l.vm_id WHERE v.name = 'vm8'")
        );

        await lab.RemoveAsync("/v1/vms/vm8?cascade=true");
        await Eventually.Holds("nothing of vm8 is on the host", async () =>
            !await lab.Sandbox.SucceedsAsync("ubuntu1", "ovs-vsctl", "br-exists", "br-vm8")
        );
        await lab.RemoveAsync("/v1/networks/crowd");
        await lab.ReadyAsync();
        Assert.Empty(await lab.FailingPingsAsync(lab.Machines));
    }

    /// <summary>Kills each part in turn as the creates go on, and starts it again.</summary>
    private async Task FaultsAsync(ConcurrentDictionary<string, int> acknowledged)
    {
        await ReachedAsync(40);
        await lab.Server.KillAsync();
        await lab.Server.StartAsync();
        await ReachedAsync(80);
        await lab.Agents["ubuntu1"].KillAsync();
        lab.Agents["ubuntu1"].Start();
        await ReachedAsync(120);
        await lab.Sandbox.KillAsync("central", "nb");
        await ReachedAsync(140);
        await lab.Sandbox.StartAsync("central", "nb");
        await ReachedAsync(160);
        await lab.Agents["ubuntu1"].KillAsync();
        await lab.Server.KillAsync();
        await lab.Server.StartAsync();
        lab.Agents["ubuntu1"].Start();

        Task ReachedAsync(int count) => Eventually.Holds($"{count} creates are acknowledged", () => acknowledged.Count >= count);
    }

    /// <summary>As a client should: the same PUT again until it is answered.</summary>
    private async Task<int> CreateAsync(string name, int i, CancellationToken ct)
    {
        // One in four is a namespace with an address; the others are left to a runtime, so that the test's cost lies in the crashes.
        var body = Spec(new JsonObject { ["addressing"] = i % 4 == 0 ? "dhcp" : "none", ["workload"] = i % 4 == 0 ? "namespace" : "port" });
        return await Eventually.Becomes(
            $"{name} is acknowledged",
            async () =>
            {
                using var response = await lab.Server.Client.PutAsJsonAsync(
                    new Uri($"/v1/vms/vm8/containers/{name}", UriKind.Relative),
                    body,
                    ct
                );
                var text = await response.Content.ReadAsStringAsync(ct);
                return response.IsSuccessStatusCode ? (int)JsonNode.Parse(text)!["status"]!["effective"]!["vlan"]!
                    : (int)response.StatusCode == 503 ? throw new HttpRequestException(text)
                    : throw new Xunit.Sdk.XunitException($"{response.StatusCode}: {text}");
            },
            tag => tag > 0,
            ct: ct
        );
    }

    private async Task<int[]> TagsAsync(string host, params string[] command) =>
        [.. (await lab.Sandbox.ExecAsync(host, command)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).Order()];

    private static JsonObject Spec(JsonObject spec) => new() { ["spec"] = spec };
}
