using System.Net;
using System.Text.Json.Nodes;

namespace EndToEnd.Tests.World;

/// <summary>
/// Creates, changes, moves and deletes one VM and its containers at random. No other client writes them, so what the API acknowledged last
/// is what it must have.
/// </summary>
internal sealed class Client(World world, int number, Random random, Findings findings)
{
    private const int Containers = 6;

    /// <summary>
    /// Path → spec that was acknowledged; null if the deletion was. A path whose last request had no clear answer is missing.
    /// </summary>
    private readonly Dictionary<string, JsonNode?> _acknowledged = [];

    private string Vm => $"/v1/vms/v{number}";

    public int Requests { get; private set; }

    /// <summary>Sends some requests to any process, whatever is broken.</summary>
    public async Task RunAsync(int requests)
    {
        for (; requests > 0; requests--)
        {
            Requests++;
            await StepAsync();
        }
    }

    /// <summary>Forgets what was acknowledged, because the database was replaced by an older one.</summary>
    public void Forget() => _acknowledged.Clear();

    /// <summary>Reports acknowledged resources that the API lacks or has differently, and deleted ones that it still has.</summary>
    public async Task CheckAsync()
    {
        foreach (var (path, spec) in _acknowledged)
        {
            var response = await world.AskAsync(HttpMethod.Get, path);
            var expected = spec is null ? HttpStatusCode.NotFound : HttpStatusCode.OK;
            if (response.Status != expected)
            {
                findings.Add($"{path} was acknowledged as {spec?.ToJsonString() ?? "deleted"}, but: {response}");
            }
            else if (spec is not null && !JsonNode.DeepEquals(response.Json["spec"], spec))
            {
                findings.Add($"{path} was acknowledged with {spec.ToJsonString()}, but has {response.Json["spec"]!.ToJsonString()}");
            }
        }
    }

    private Task StepAsync()
    {
        var container = $"{Vm}/containers/v{number}k{random.Next(Containers)}";
        return random.Next(20) switch
        {
            < 9 => PutContainerAsync(container),
            < 13 => DeleteAsync(container),
            < 18 => PutVmAsync(),
            18 => DeleteAsync(Vm),
            _ => PutContainerAsync(container),
        };
    }

    private Task PutVmAsync() =>
        PutAsync(Vm, new JsonObject { ["network"] = "w1", ["host"] = World.Hosts[random.Next(World.Hosts.Length)] });

    private Task PutContainerAsync(string path)
    {
        var spec = new JsonObject();
        if (random.Next(3) == 0)
        {
            spec["vlan"] = 100 + random.Next(12);
        }

        if (random.Next(2) == 0)
        {
            spec["network"] = "w2";
        }

        if (random.Next(4) == 0)
        {
            spec["ip"] = $"10.7{(spec.ContainsKey("network") ? 2 : 1)}.0.{100 + random.Next(20)}";
        }

        return PutAsync(path, spec);
    }

    private async Task PutAsync(string path, JsonObject spec)
    {
        _acknowledged.Remove(path);
        if (await SendAsync(HttpMethod.Put, path, new JsonObject { ["spec"] = spec.DeepClone() }))
        {
            _acknowledged[path] = spec;
        }
    }

    private async Task DeleteAsync(string path)
    {
        var concerned = _acknowledged.Keys.Where(known => known == path || known.StartsWith($"{path}/", StringComparison.Ordinal)).ToList();
        concerned.ForEach(known => _acknowledged.Remove(known));
        if (await SendAsync(HttpMethod.Delete, $"{path}?cascade=true&allowMissing=true"))
        {
            concerned.ForEach(known => _acknowledged[known] = null);
            _acknowledged[path] = null;
        }
    }

    /// <summary>
    /// Returns true if the request was acknowledged. A conflict, or no answer while something is broken, is not a finding.
    /// </summary>
    private async Task<bool> SendAsync(HttpMethod method, string path, JsonNode? body = null)
    {
        try
        {
            var response = await World.SendAsync(world.Servers[random.Next(world.Servers.Count)], method, path, body);
            if (response.Status is not (HttpStatusCode.Conflict or HttpStatusCode.NotFound or HttpStatusCode.ServiceUnavailable))
            {
                return (int)response.Status < 300 || findings.Add($"unexpected answer: {response}");
            }
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException) { }

        return false;
    }
}
