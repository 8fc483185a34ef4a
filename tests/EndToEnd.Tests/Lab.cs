using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using EndToEnd.Tests;
using TestServers;

[assembly: AssemblyFixture(typeof(SharedServers))]
[assembly: AssemblyFixture(typeof(Lab))]
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace EndToEnd.Tests;

/// <summary>
/// The lab of <c>examples/lab.yaml</c>, which all tests share: PostgreSQL, OVN central, the API, and three hosts with an agent each. All
/// resources are created through the API.
/// </summary>
public sealed class Lab : IAsyncLifetime
{
    private PostgresServer? _postgres;
    private Sandbox? _sandbox;
    private NestServer? _server;

    /// <summary>The cool-down of tags: shorter than the default of a minute, so that a test can wait for it.</summary>
    public static TimeSpan Cooldown { get; } = TimeSpan.FromSeconds(3);

    /// <summary>The workloads of the lab: the VMs vm1 to vm5 and the containers c51 and c52.</summary>
    public IReadOnlyList<Workload> Workloads { get; private set; } = [];

    public Sandbox Sandbox => _sandbox!;

    public NestServer Server => _server!;

    /// <summary>The connection string of the API's database.</summary>
    public string Database { get; private set; } = "";

    /// <summary>The agents by the name of their host.</summary>
    public Dictionary<string, AgentProcess> Agents { get; } = [];

    public Workload this[string name] => Workloads.Single(workload => workload.Name == name);

    /// <summary>Writes a line to the output of the running test.</summary>
    public static void Log(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);

    /// <summary>The body of a request that stores a resource.</summary>
    /// <param name="spec">The spec as JSON.</param>
    public static JsonObject Spec(string spec) => new() { ["spec"] = JsonNode.Parse(spec) };

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
                Handler = inner => new DescribedResponses(inner),
                Settings = new Dictionary<string, string> { ["Leases__Cooldown"] = Cooldown.ToString() },
            }
        );
        await ApplyAsync(await File.ReadAllTextAsync(Path.Combine(Programs.Root, "examples", "lab.yaml")));

        foreach (var host in new[] { "ubuntu1", "ubuntu2", "ubuntu3" })
        {
            Agents[host] = await AgentProcess.StartAsync(_server, _sandbox, host);
        }

        await ReadyAsync();
        Workloads = await WorkloadsAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in Agents.Values)
        {
            await agent.DisposeAsync();
        }

        foreach (var server in new IAsyncDisposable?[] { _server, _sandbox, _postgres })
        {
            if (server is not null)
            {
                await server.DisposeAsync();
            }
        }
    }

    /// <summary>Waits until every resource is ready.</summary>
    public async Task ReadyAsync()
    {
        var took = await Eventually.Holds(
            "every resource is ready",
            async () =>
            {
                var readiness = await GetAsync("/v1/readiness");
                return (long)readiness["total"]! > 0 && (long)readiness["total"]! == (long)readiness["ready"]!
                    ? true
                    : throw new InvalidOperationException(readiness.ToJsonString());
            },
            TimeSpan.FromSeconds(120)
        );
        Log($"all resources ready after {took.TotalSeconds:0.0} s");
    }

    /// <summary>Waits until a resource is ready, and returns it.</summary>
    public async Task<JsonNode> WhenReadyAsync(string path) =>
        await Eventually.Becomes(
            $"{path} is ready",
            () => GetAsync(path),
            resource => (bool)resource["status"]!["ready"]!,
            TimeSpan.FromSeconds(90)
        );

    /// <summary>Returns a resource or a list.</summary>
    /// <exception cref="HttpRequestException">The request failed.</exception>
    public async Task<JsonNode> GetAsync(string path) => (await SendAsync(HttpMethod.Get, path)).EnsureSuccess().Json;

    /// <summary>Stores a resource, and returns it.</summary>
    /// <exception cref="HttpRequestException">The request failed.</exception>
    public async Task<JsonNode> PutAsync(string path, JsonNode body) => (await SendAsync(HttpMethod.Put, path, body)).EnsureSuccess().Json;

    /// <summary>
    /// Stores a resource that needs a tag: repeats the request as long as it is refused because the tag is taken. Any other refusal fails.
    /// </summary>
    /// <param name="onTaken">Called after each refusal; null for nothing.</param>
    public async Task PutWhenTagIsFreeAsync(string path, JsonNode body, Func<Task>? onTaken = null)
    {
        var response = await Eventually.Becomes(
            $"the tag for {path} is free",
            async () =>
            {
                var response = await SendAsync(HttpMethod.Put, path, body);
                if (response.IsTagTaken && onTaken is not null)
                {
                    await onTaken();
                }

                return response;
            },
            response => !response.IsTagTaken
        );
        response.EnsureSuccess();
    }

    /// <summary>Deletes a resource without waiting until it is gone.</summary>
    /// <exception cref="HttpRequestException">The request failed.</exception>
    public async Task DeleteAsync(string path) => (await SendAsync(HttpMethod.Delete, path)).EnsureSuccess();

    /// <summary>Deletes a resource and waits until it is gone.</summary>
    public async Task RemoveAsync(string path)
    {
        var separator = path.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        var response = await SendAsync(HttpMethod.Delete, $"{path}{separator}wait=60s");
        Assert.True(response.Status == HttpStatusCode.NoContent, response.ToString());
    }

    /// <summary>Applies a manifest in YAML.</summary>
    private async Task ApplyAsync(string manifest)
    {
        using var content = new StringContent(manifest, new MediaTypeHeaderValue("application/yaml"));
        using var response = await Server.Client.PostAsync(new Uri("/v1/manifests", UriKind.Relative), content);
        new ApiResponse("POST /v1/manifests", response.StatusCode, await response.Content.ReadAsStringAsync()).EnsureSuccess();
    }

    /// <summary>Sends a request whose status is part of the test. All other requests use the methods that check the status.</summary>
    public async Task<ApiResponse> SendAsync(HttpMethod method, string path, JsonNode? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Content = body is null ? null : JsonContent.Create(body);
        using var response = await Server.Client.SendAsync(request);
        return new($"{method} {path}", response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Returns the state of a tag's lease; null if the tag is free.</summary>
    public async Task<string?> TagStateAsync(string vm, int tag)
    {
        var response = await SendAsync(HttpMethod.Get, $"/v1/vms/{vm}/vlan-leases/{tag}");
        return response.Status == HttpStatusCode.NotFound ? null : (string?)response.EnsureSuccess().Json["status"]!["state"];
    }

    /// <summary>Pings from each workload to its gateway and to all other workloads. Returns the failing pings as "from → to".</summary>
    public async Task<IReadOnlyList<string>> FailingPingsAsync()
    {
        var failing = new List<string>();
        var pings = Workloads.SelectMany(from =>
            Workloads.Where(to => to != from).Select(to => (From: from, To: to.Ip)).Append((From: from, To: from.Gateway))
        );
        await Parallel.ForEachAsync(pings, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (ping, _) =>
        {
            if (!await Sandbox.PingsAsync(ping.From.Host, ping.From.Namespace, ping.To))
            {
                lock (failing)
                {
                    failing.Add($"{ping.From.Name} → {ping.To}");
                }
            }
        });
        return failing;
    }

    private async Task<IReadOnlyList<Workload>> WorkloadsAsync()
    {
        var workloads = new List<Workload>();
        foreach (var vm in (await GetAsync("/v1/vms"))["items"]!.AsArray())
        {
            var host = (string)vm!["spec"]!["host"]!;
            workloads.Add(await WorkloadAsync(vm, host));
            foreach (var container in (await GetAsync($"/v1/vms/{vm["name"]}/containers"))["items"]!.AsArray())
            {
                workloads.Add(await WorkloadAsync(container!, host));
            }
        }

        return workloads;
    }

    private async Task<Workload> WorkloadAsync(JsonNode resource, string host)
    {
        var effective = resource["status"]!["effective"]!;
        var network = await GetAsync($"/v1/networks/{effective["network"]}");
        return new(
            (string)resource["name"]!,
            host,
            (string)effective["namespace"]!,
            (string)effective["interface"]!,
            (string)effective["mac"]!,
            (string)effective["ip"]!,
            (string)network["status"]!["effective"]!["gateway"]!
        );
    }
}

/// <summary>A VM or container of the lab, with the effective values of its status.</summary>
public sealed record Workload(string Name, string Host, string Namespace, string Interface, string Mac, string Ip, string Gateway);

/// <summary>A response of the API.</summary>
/// <param name="Request">Method and path of the request.</param>
/// <param name="Text">The body.</param>
public sealed record ApiResponse(string Request, HttpStatusCode Status, string Text)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    /// <summary>Whether the request was refused because another resource has the tag, or the tag is not free yet.</summary>
    public bool IsTagTaken => Status == HttpStatusCode.Conflict && (string?)Json["code"] == "vlan-tag-taken";

    public ApiResponse EnsureSuccess() => (int)Status is >= 200 and < 300 ? this : throw new HttpRequestException(ToString(), null, Status);

    public override string ToString() => $"{Request}: {(int)Status} {Text}";
}
