using System.Collections.Concurrent;
using TestServers;

namespace EndToEnd.Tests;

/// <summary>
/// Every process may be killed at any moment: acknowledged requests are kept, the system converges, and nothing exists twice.
/// </summary>
public sealed class CrashTests(Lab lab)
{
    private const int Creates = 200;

    [Fact]
    public async Task Each_of_200_acknowledged_containers_exists_once_after_kills_of_API_agent_and_northbound_database()
    {
        await lab.ReadyAsync();
        await lab.PutAsync("/v1/networks/crowd", Lab.Spec("""{"subnet":"10.50.0.0/16","gateway":"none"}"""));
        await lab.PutAsync("/v1/vms/vm8", Lab.Spec("""{"network":"crowd","host":"ubuntu1"}"""));

        var acknowledged = await CreateAllAsync();
        await ConvergedAsync();
        await HasTagsAsync(acknowledged);

        await lab.RemoveAsync("/v1/vms/vm8?cascade=true");
        await Eventually.Holds("br-vm8 is deleted", async () =>
            !await lab.Sandbox.SucceedsAsync("ubuntu1", "ovs-vsctl", "br-exists", "br-vm8")
        );
        await lab.RemoveAsync("/v1/networks/crowd");
        await lab.ReadyAsync();
        Assert.Empty(await lab.FailingPingsAsync());
    }

    /// <summary>
    /// Creates the containers while processes are killed. Returns the tags by container name, as the API acknowledged them.
    /// </summary>
    private async Task<ConcurrentDictionary<string, int>> CreateAllAsync()
    {
        var acknowledged = new ConcurrentDictionary<string, int>();
        var faults = FaultsAsync(acknowledged);
        var options = new ParallelOptions { MaxDegreeOfParallelism = 4 };
        await Parallel.ForEachAsync(Enumerable.Range(0, Creates), options, async (i, token) =>
            acknowledged[$"k{i}"] = await CreateAsync($"k{i}", i, token)
        );
        await faults;
        Assert.Equal(Creates, acknowledged.Count);
        return acknowledged;
    }

    private async Task ConvergedAsync()
    {
        var took = await Eventually.Holds(
            "vm8 and its 200 containers are ready",
            async () =>
            {
                var readiness = await lab.GetAsync("/v1/readiness?vm=vm8");
                return (int)readiness["ready"]! >= Creates ? true : throw new InvalidOperationException(readiness.ToJsonString());
            },
            TimeSpan.FromSeconds(180)
        );
        Lab.Log($"converged {took.TotalSeconds:0.0} s after the last create");
    }

    /// <summary>Asserts that API, northbound database, host and PostgreSQL have the acknowledged tags, each once.</summary>
    private async Task HasTagsAsync(ConcurrentDictionary<string, int> acknowledged)
    {
        foreach (var (name, tag) in acknowledged)
        {
            Assert.Equal(tag, (int)(await lab.GetAsync($"/v1/vms/vm8/containers/{name}"))["status"]!["effective"]!["vlan"]!);
        }

        var expected = acknowledged.Values.Order().ToArray();
        Assert.Equal(expected.Distinct(), expected);
        Assert.Equal(expected, await TagsAsync("central", "ovn-nbctl --bare --columns=tag find Logical_Switch_Port parent_name=crowd-vm8"));
        Assert.Equal(
            expected,
            await TagsAsync(
                "ubuntu1",
                """for p in $(ovs-vsctl list-ports br-vm8); do ovs-vsctl get Port $p tag; done | grep -v -e '\[\]' -e '^0$'"""
            )
        );
        Assert.Equal(
            Creates,
            await Sql.CountAsync(lab.Database, "SELECT count(*) FROM vlan_leases l JOIN vms v ON v.id = l.vm_id WHERE v.name = 'vm8'")
        );
    }

    /// <summary>Kills and starts each process while the containers are created.</summary>
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

    /// <summary>Repeats the PUT until it is acknowledged, as a client does while the API is unreachable or answers 503.</summary>
    private async Task<int> CreateAsync(string name, int i, CancellationToken cancellationToken)
    {
        // One in four gets a namespace with an address. The others get a port only, to save time.
        var spec = i % 4 == 0 ? """{"addressing":"dhcp","workload":"namespace"}""" : """{"addressing":"none","workload":"port"}""";
        var response = await Eventually.Becomes(
            $"{name} is acknowledged",
            () => lab.SendAsync(HttpMethod.Put, $"/v1/vms/vm8/containers/{name}", Lab.Spec(spec)),
            response => (int)response.Status != 503,
            cancellationToken: cancellationToken
        );
        return (int)response.EnsureSuccess().Json["status"]!["effective"]!["vlan"]!;
    }

    private async Task<int[]> TagsAsync(string host, string command) =>
        [.. (await lab.Sandbox.ShellAsync(host, command)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).Order()];
}
