using System.Net.Http.Json;
using System.Text.Json.Nodes;
using EndToEnd.Tests;
using TestServers;

[assembly: AssemblyFixture(typeof(SharedServers))]
[assembly: AssemblyFixture(typeof(Lab))]
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace EndToEnd.Tests;

/// <summary>The seed's lab, whole: PostgreSQL, OVN central, three hosts with their agents, the API; filled from <c>lab/seed.json</c> through the API alone.</summary>
public sealed class Lab : IAsyncLifetime
{
    private PostgresServer? _postgres;
    private Sandbox? _sandbox;
    private NestServer? _server;

    /// <summary>Short, so that a tag can be had again within a test; the default of a minute is only longer.</summary>
    public static TimeSpan Cooldown { get; } = TimeSpan.FromSeconds(3);

    /// <summary>The seven that ping: vm1–vm5, c51, c52.</summary>
    public IReadOnlyList<Machine> Machines { get; private set; } = [];

    public Sandbox Sandbox => _sandbox!;

    public NestServer Server => _server!;

    public PostgresServer Postgres => _postgres!;

    public string Database { get; private set; } = "";

    public Dictionary<string, AgentProcess> Agents { get; } = [];

    public Machine this[string name] => Machines.Single(m => m.Name == name);

    public async ValueTask InitializeAsync()
    {
        _postgres = await PostgresServer.StartNewAsync();
        Database = await _postgres.CreateDatabaseAsync();
        _sandbox = await Sandbox.UpAsync("ubuntu1", "ubuntu2", "ubuntu3");
        _server = await NestServer.StartAsync(
            new NestServerOptions
            {
                Database = Database,
                Northbound = _sandbox.Northbound,
                Settings = new Dictionary<string, string> { ["Leases__Cooldown"] = Cooldown.ToString() },
            }
        );
        foreach (var request in JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Programs.Root, "lab", "seed.json")))!.AsArray())
        {
            await PutAsync((string)request!["path"]!, request["body"]!);
        }

        foreach (var host in new[] { "ubuntu1", "ubuntu2", "ubuntu3" })
        {
            Agents[host] = await AgentProcess.StartAsync(_server, _sandbox, host);
        }

        await ReadyAsync();
        Machines = await MachinesAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in Agents.Values)
        {
            await agent.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        if (_sandbox is not null)
        {
            await _sandbox.DisposeAsync();
        }

        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }
    }

    /// <summary>A line in the test's output, where the times taken are told.</summary>
    public static void Tell(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);

    /// <summary>Waits until every object of the installation is ready.</summary>
    public async Task ReadyAsync()
    {
        var took = await Eventually.Holds(
            "everything is ready: " + "see GET /v1/readiness",
            async () =>
            {
                var readiness = await GetAsync("/v1/readiness");
                return (long)readiness["total"]! > 0 && (long)readiness["total"]! == (long)readiness["ready"]!
                    ? true
                    : throw new InvalidOperationException(readiness.ToJsonString());
            },
            TimeSpan.FromSeconds(120)
        );
        Tell($"ready after {took.TotalSeconds:0.0} s");
    }

    public async Task<JsonNode> GetAsync(string path)
    {
        using var response = await Server.Client.GetAsync(new Uri(path, UriKind.Relative));
        return await BodyAsync(response);
    }

    public async Task<JsonNode> PutAsync(string path, JsonNode body)
    {
        using var response = await Server.Client.PutAsJsonAsync(new Uri(path, UriKind.Relative), body);
        return await BodyAsync(response);
    }

    public Task<HttpResponseMessage> DeleteAsync(string path) => Server.Client.DeleteAsync(new Uri(path, UriKind.Relative));

    /// <summary>Deletes and waits until it is gone.</summary>
    public async Task RemoveAsync(string path)
    {
        using var response = await DeleteAsync($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}wait=60s");
        Assert.True((int)response.StatusCode is 204 or 404, $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
    }

    /// <summary>Waits until the object at the path is ready, and returns it.</summary>
    public async Task<JsonNode> WhenReadyAsync(string path) =>
        await Eventually.Becomes($"{path} is ready", () => GetAsync(path), o => (bool)o["status"]!["ready"]!, TimeSpan.FromSeconds(90));

    /// <summary>Every pair, and each to its gateway. Returns those that fail, as "from → to".</summary>
    public async Task<IReadOnlyList<string>> FailingPingsAsync(IReadOnlyList<Machine> machines)
    {
        var failing = new List<string>();
        var pairs = machines.SelectMany(from => machines.Where(to => to != from).Select(to => (from, to.Ip)).Append((from, from.Gateway)));
        await Parallel.ForEachAsync(pairs, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (pair, _) =>
        {
            if (!await Sandbox.PingsAsync(pair.from.Host, pair.from.Namespace, pair.Item2))
            {
                lock (failing)
                {
                    failing.Add($"{pair.from.Name} → {pair.Item2}");
                }
            }
        });
        return failing;
    }

    private static async Task<JsonNode> BodyAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? JsonNode.Parse(text)!
            : throw new HttpRequestException($"{(int)response.StatusCode} {text}", null, response.StatusCode);
    }

    private async Task<IReadOnlyList<Machine>> MachinesAsync()
    {
        var machines = new List<Machine>();
        foreach (var vm in (await GetAsync("/v1/vms"))["items"]!.AsArray())
        {
            var host = (string)vm!["spec"]!["host"]!;
            machines.Add(await MachineAsync(vm, host));
            foreach (var container in (await GetAsync($"/v1/vms/{vm["name"]}/containers"))["items"]!.AsArray())
            {
                machines.Add(await MachineAsync(container!, host));
            }
        }

        return machines;
    }

    private async Task<Machine> MachineAsync(JsonNode view, string host)
    {
        var effective = view["status"]!["effective"]!;
        var network = await GetAsync($"/v1/networks/{effective["network"]}");
        return new(
            (string)view["name"]!,
            host,
            (string)effective["namespace"]!,
            (string)effective["interface"]!,
            (string)effective["mac"]!,
            (string)effective["ip"]!,
            (string)network["status"]!["effective"]!["gateway"]!,
            (string)effective["portName"]!
        );
    }
}

/// <summary>A VM or container of the lab, as the API says it is.</summary>
public sealed record Machine(
    string Name,
    string Host,
    string Namespace,
    string Interface,
    string Mac,
    string Ip,
    string Gateway,
    string PortName
);
