using System.Text.Json;

namespace TestServers;

/// <summary>The agent as the process that runs on a host; here on a host of a sandbox. It may be killed and started again on the same state.</summary>
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

    /// <summary>The host on which it runs: the same name in the sandbox and in the API.</summary>
    public string Host { get; }

    /// <summary>Its state: key, DHCP files, marks of namespaces.</summary>
    public string Folder => Path.Combine(_sandbox.Folder, Host, "agent");

    /// <summary>The present process.</summary>
    public ChildProcess Process => _process ?? throw new InvalidOperationException("Not started.");

    /// <summary>Asks the API for an enrolment token of a host (which the API must know already), and starts the agent there.</summary>
    public static async Task<AgentProcess> StartAsync(NestServer server, Sandbox sandbox, string host)
    {
        using var response = await server.Client.PostAsync(new Uri($"v1/hosts/{host}/enrolment", UriKind.Relative), null);
        var body = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"No enrolment of {host}: {(int)response.StatusCode} {body}");
        }

        var agent = new AgentProcess(sandbox, host, $"unix:{server.Socket}");
        Directory.CreateDirectory(agent.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        using var token = JsonDocument.Parse(body);
        await File.WriteAllTextAsync(Path.Combine(agent.Folder, "token"), token.RootElement.GetProperty("token").GetString());
        File.SetUnixFileMode(Path.Combine(agent.Folder, "token"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        agent.Start();
        return agent;
    }

    /// <summary>Starts it (again) on the same state.</summary>
    public void Start() =>
        _process = _sandbox.Start(Host, ["dotnet", Programs.Agent], _environment, Path.Combine(_sandbox.Folder, Host, "agent.log"));

    /// <summary>Stops it as the service manager would (SIGTERM).</summary>
    public Task StopAsync() => Process.StopAsync();

    /// <summary>Kills it (SIGKILL).</summary>
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
