using System.Text.Json;

namespace TestServers;

/// <summary>
/// An agent process on a host of a <see cref="TestServers.Sandbox"/>. It can be stopped, killed and started again with the same state.
/// </summary>
public sealed class AgentProcess : IAsyncDisposable
{
    private readonly Sandbox _sandbox;
    private readonly Dictionary<string, string?> _environment;
    private ChildProcess? _process;

    private AgentProcess(Sandbox sandbox, string host, string url)
    {
        (_sandbox, Host) = (sandbox, host);
        _environment = new Dictionary<string, string?>
        {
            ["NEST_URL"] = url,
            ["NEST_TOKEN_FILE"] = Path.Combine(Folder, "token"),
            ["NEST_STATE"] = Folder,
        };
    }

    /// <summary>The name of its host, which is the same in the sandbox and in the API.</summary>
    public string Host { get; }

    /// <summary>Its state folder: key, DHCP files, owner marks of namespaces.</summary>
    public string Folder => Path.Combine(_sandbox.Folder, Host, "agent");

    /// <summary>The process of the latest start.</summary>
    public ChildProcess Process => _process ?? throw new InvalidOperationException("The agent was not started.");

    /// <summary>Creates an enrolment token for a host, and starts the agent there with that token.</summary>
    /// <exception cref="InvalidOperationException">The API refused, for instance because the host does not exist in it.</exception>
    public static async Task<AgentProcess> StartAsync(NestServer server, Sandbox sandbox, string host)
    {
        using var response = await server.Client.PostAsync(new Uri($"v1/hosts/{host}/enrolment", UriKind.Relative), null);
        var body = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"Cannot create an enrolment token for {host}: {(int)response.StatusCode} {body}");
        }

        var agent = new AgentProcess(sandbox, host, $"unix:{server.Socket}");
        Directory.CreateDirectory(agent.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        using var token = JsonDocument.Parse(body);
        await File.WriteAllTextAsync(Path.Combine(agent.Folder, "token"), token.RootElement.GetProperty("token").GetString());
        File.SetUnixFileMode(Path.Combine(agent.Folder, "token"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        agent.Start();
        return agent;
    }

    /// <summary>Starts the agent. A second start uses the same state folder.</summary>
    /// <param name="url">Other URL of the API for this and later starts; null to keep it.</param>
    public void Start(string? url = null)
    {
        _environment["NEST_URL"] = url ?? _environment["NEST_URL"];
        _process = _sandbox.Start(Host, ["dotnet", Programs.Agent], _environment, Path.Combine(_sandbox.Folder, Host, "agent.log"));
    }

    /// <summary>Stops the agent as the service manager does (SIGTERM).</summary>
    public Task StopAsync() => Process.StopAsync();

    /// <summary>Kills the agent (SIGKILL).</summary>
    public Task KillAsync() => Process.KillAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }
}
