using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;

namespace EndToEnd.Tests.World;

/// <summary>Checks, while nothing is broken, that database, NB and hosts agree.</summary>
internal sealed class Inspection(World world, Findings findings)
{
    /// <summary>Reasons that a conflict with another program explains.</summary>
    private static readonly string[] Conflicts = ["AddressConflict", "TagConflict"];

    private string? _released;

    /// <summary>
    /// Waits until every resource is ready or has a conflict with another program, and returns how long that took. The safety brake is
    /// released as an admin does.
    /// </summary>
    public async Task<TimeSpan> ConvergedAsync()
    {
        IReadOnlyList<JsonNode> waiting = [];
        try
        {
            return await TestServers.Eventually.Holds(
                "every resource is ready",
                async () =>
                {
                    await ReleaseBrakeAsync();
                    waiting = [.. (await ResourcesAsync()).Where(resource => !IsSettled(resource))];
                    return waiting.Count == 0 ? true : throw new InvalidOperationException(string.Join('\n', waiting.Select(Describe)));
                },
                TimeSpan.FromMinutes(3)
            );
        }
        catch (TimeoutException)
        {
            findings.Add($"not converged after 3 minutes:\n{string.Join('\n', waiting.Select(Describe))}");
            return TimeSpan.FromMinutes(3);
        }
    }

    /// <summary>Number of plans of the safety brake that were released.</summary>
    public int Released { get; private set; }

    /// <summary>Reports tags, addresses and names with two holders.</summary>
    public async Task CheckOnceAsync()
    {
        var ports = await LinesAsync(
            "central",
            "ovn-nbctl --format=csv --no-headings --columns=name,parent_name,tag_request,addresses list Logical_Switch_Port"
        );
        // What a spec requests while another program has it is shown as a conflict, and stays.
        var conflicting = (await ResourcesAsync())
            .Where(resource => Conflicts.Contains((string)resource["status"]!["reason"]!))
            .Select(resource => (string)resource["status"]!["effective"]!["portName"]!)
            .ToHashSet();
        var rows = ports.ConvertAll(line => line.Split(',', 4)).FindAll(row => !conflicting.Contains(row[0]));
        Twice("child ports with the parent and tag", rows.Where(row => row[1] is not "[]" and not ""), row => $"{row[1]} {row[2]}");
        Twice("logical switch ports with the addresses", rows.Where(row => row[3].Contains("10.7", StringComparison.Ordinal)), row =>
            row[3].Trim('"').Split(' ')[^1]
        );

        var onHosts = new List<string>();
        foreach (var host in World.Hosts)
        {
            const string tags = """
                for b in $(ovs-vsctl list-br); do for p in $(ovs-vsctl list-ports $b); do
                echo "tag $b $(ovs-vsctl get Port $p tag)"; done; echo "name $b"; done | grep -v -e 'br-int' -e 'br-phys' -e '\[\]' -e ' 0$'
                ip netns list | awk '{print "name " $1}'
                """;
            onHosts.AddRange(await LinesAsync(host, tags));
        }

        Twice("bridges, tags of a bridge or namespaces", onHosts.Select(line => new[] { line }), row => row[0]);
    }

    /// <summary>Reports ready VMs and containers that do not reach their gateway.</summary>
    public async Task CheckPingsAsync()
    {
        var hosts = (await ListAsync("/v1/vms")).ToDictionary(vm => (string)vm["name"]!, vm => (string)vm["spec"]!["host"]!);
        var ready = (await ListAsync("/v1/vms")).Concat(await ListAsync("/v1/containers")).Where(r => (bool)r["status"]!["ready"]!);
        var failing = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(ready, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (resource, _) =>
        {
            var (effective, name) = (resource["status"]!["effective"]!, (string)resource["name"]!);
            var host = hosts[(string?)resource["metadata"]!["vm"] ?? name];
            var gateway = (string)effective["network"]! == "w1" ? "10.71.0.1" : "10.72.0.1";
            if (!await world.Sandbox.PingsAsync(host, (string)effective["namespace"]!, gateway))
            {
                failing.Add($"{name} on {host} → {gateway}");
            }
        });
        foreach (var ping in failing)
        {
            findings.Add($"Ready, but no answer: {ping}");
        }
    }

    private static bool IsSettled(JsonNode resource) =>
        (bool)resource["status"]!["ready"]! || Conflicts.Contains((string)resource["status"]!["reason"]!);

    private static string Describe(JsonNode resource) =>
        $"  {resource["metadata"]!["kind"]} {resource["name"]}: {resource["status"]!["reason"]}: {resource["status"]!["message"]}";

    private void Twice(string what, IEnumerable<string[]> rows, Func<string[], string> key)
    {
        foreach (var group in rows.GroupBy(key).Where(group => group.Count() > 1))
        {
            findings.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{group.Count()} {what} {group.Key}: {string.Join(" | ", group.Select(row => string.Join(',', row)))}"
                )
            );
        }
    }

    /// <summary>
    /// Releases each plan of the brake once, as an admin does. After a release without effect, the resources do not become ready.
    /// </summary>
    private async Task ReleaseBrakeAsync()
    {
        if ((await world.GetAsync("/v1/reconciler"))["status"]!["brake"] is { } brake && (string)brake["id"]! != _released)
        {
            _released = (string)brake["id"]!;
            var spec = new JsonObject { ["releaseBrake"] = _released };
            (await world.AskAsync(HttpMethod.Put, "/v1/reconciler", new JsonObject { ["spec"] = spec })).EnsureSuccess();
            Released++;
            Lab.Log($"released the brake {_released}: {brake["message"]}");
        }
    }

    private async Task<List<JsonNode>> ResourcesAsync()
    {
        var all = new List<JsonNode>();
        foreach (var path in new[] { "/v1/hosts", "/v1/routers", "/v1/networks", "/v1/vms", "/v1/containers" })
        {
            all.AddRange(await ListAsync(path));
        }

        return all;
    }

    private async Task<List<JsonNode>> ListAsync(string path) =>
        [.. (await world.GetAsync($"{path}?limit=1000"))["items"]!.AsArray().Select(item => item!)];

    private async Task<List<string>> LinesAsync(string host, string command) =>
        [.. (await world.Sandbox.ShellAsync(host, command)).Split('\n', StringSplitOptions.RemoveEmptyEntries)];
}
