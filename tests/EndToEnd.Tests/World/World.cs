using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using TestServers;

namespace EndToEnd.Tests.World;

/// <summary>
/// An installation in which everything may fail: PostgreSQL, OVN central, two processes of the API, and three hosts with an agent each.
/// Unlike <see cref="Lab"/>, a test has it for itself.
/// </summary>
internal sealed class World : IAsyncDisposable
{
    public static readonly string[] Hosts = ["ubuntu1", "ubuntu2", "ubuntu3"];

    private World(PostgresServer postgres, Sandbox sandbox, string database) =>
        (Postgres, Sandbox, Database) = (postgres, sandbox, database);

    public PostgresServer Postgres { get; }

    public Sandbox Sandbox { get; }

    /// <summary>The connection string of the API's database.</summary>
    public string Database { get; }

    public List<RelayedServer> Servers { get; } = [];

    /// <summary>The agents by the name of their host.</summary>
    public Dictionary<string, AgentProcess> Agents { get; } = [];

    public static async Task<World> StartAsync()
    {
        var postgres = await PostgresServer.StartNewAsync();
        var world = new World(postgres, await Sandbox.UpAsync(Hosts), await postgres.CreateDatabaseAsync());
        try
        {
            await world.StartProcessesAsync();
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends a request to a process.</summary>
    public static async Task<ApiResponse> SendAsync(RelayedServer server, HttpMethod method, string path, JsonNode? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Content = body is null ? null : JsonContent.Create(body);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var response = await server.Server.Client.SendAsync(request, timeout.Token);
        return new($"{method} {path}", response.StatusCode, await response.Content.ReadAsStringAsync(timeout.Token));
    }

    /// <summary>Sends a request while nothing is broken. It is repeated while the API answers 503.</summary>
    public async Task<ApiResponse> AskAsync(HttpMethod method, string path, JsonNode? body = null) =>
        await Eventually.Becomes(
            $"{method} {path} is answered",
            () => SendAsync(Servers[0], method, path, body),
            response => response.Status != HttpStatusCode.ServiceUnavailable
        );

    public async Task<JsonNode> GetAsync(string path) => (await AskAsync(HttpMethod.Get, path)).EnsureSuccess().Json;

    /// <summary>
    /// Runs a shell command on a host or on central. A command that fails returns an empty text, because the server may be away.
    /// </summary>
    public async Task<string> TryShellAsync(string host, string command)
    {
        try
        {
            return await Sandbox.ShellAsync(host, command);
        }
        catch (ProgramFailedException)
        {
            return "";
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in Agents.Values)
        {
            agent.Process.Send(Signal.Continue);
            await agent.DisposeAsync();
        }

        foreach (var server in Servers)
        {
            await server.DisposeAsync();
        }

        await Sandbox.DisposeAsync();
        await Postgres.DisposeAsync();
    }

    private async Task StartProcessesAsync()
    {
        var options = new NestServerOptions
        {
            Database = Database,
            Northbound = Sandbox.Northbound,
            Settings = new Dictionary<string, string>
            {
                ["Leases__Cooldown"] = "00:00:03",
                ["Reconciler__Resync"] = "00:00:10",
                ["RateLimit__PerSecond"] = "0",
            },
        };
        Servers.Add(await RelayedServer.StartAsync(Postgres, options));
        Servers.Add(await RelayedServer.StartAsync(Postgres, options));
        foreach (var host in Hosts)
        {
            (await AskAsync(HttpMethod.Put, $"/v1/hosts/{host}", Lab.Spec("{}"))).EnsureSuccess();
            Agents[host] = await AgentProcess.StartAsync(Servers[Agents.Count % Servers.Count].Server, Sandbox, host);
        }
    }
}
