using System.Net.Http.Headers;

namespace TestServers;

/// <summary>Configuration of a <see cref="NestServer"/>.</summary>
public sealed record NestServerOptions
{
    /// <summary>The Npgsql connection string of its database.</summary>
    public required string Database { get; init; }

    /// <summary>The northbound database, <c>unix:/…</c> or <c>tcp:…</c>.</summary>
    public required string Northbound { get; init; }

    /// <summary>More settings as environment variables, for instance <c>Leases__Cooldown</c> = <c>00:00:01</c>.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether a start waits until <c>/readyz</c> succeeds; if false, only until <c>/livez</c> succeeds.</summary>
    public bool AwaitReady { get; init; } = true;

    /// <summary>Handler through which the clients send their requests, around the given one; null for none.</summary>
    public Func<HttpMessageHandler, HttpMessageHandler>? Handler { get; init; }
}

/// <summary>
/// A process of the API and reconciler. It listens on a free loopback port and on a unix socket. It can be stopped, killed and started
/// again on the same database.
/// </summary>
public sealed class NestServer : IAsyncDisposable
{
    private readonly NestServerOptions _options;
    private readonly string _folder = Programs.NewFolder("api");
    private int _port = PostgresServer.FreePort();
    private ChildProcess? _process;
    private HttpClient? _client;

    private NestServer(NestServerOptions options, string adminKey) => (_options, AdminKey) = (options, adminKey);

    /// <summary>A key with the role admin.</summary>
    public string AdminKey { get; }

    /// <summary>Its URL on loopback, with a slash at the end.</summary>
    public Uri Url => new($"http://127.0.0.1:{_port}/");

    /// <summary>The path of its unix socket, which agents on the hosts of a <see cref="Sandbox"/> use.</summary>
    public string Socket => Path.Combine(_folder, "api.sock");

    /// <summary>A client with the admin key. Its timeout (90 s) is longer than the longest wait of the API (60 s).</summary>
    public HttpClient Client => _client ??= ClientFor(AdminKey);

    /// <summary>The process of the latest start.</summary>
    public ChildProcess Process => _process ?? throw new InvalidOperationException("The API was not started.");

    /// <summary>Migrates the database, creates an admin key and starts the process.</summary>
    public static async Task<NestServer> StartAsync(NestServerOptions options)
    {
        await MigrateAsync(options.Database);
        return await StartAsync(options, await CreateKeyAsync(options, "admin", "admin"));
    }

    /// <summary>Starts another process with the same database and northbound database.</summary>
    /// <param name="settings">Replaces <see cref="NestServerOptions.Settings"/>; null to keep them.</param>
    public Task<NestServer> StartReplicaAsync(IReadOnlyDictionary<string, string>? settings = null) =>
        StartAsync(settings is null ? _options : _options with { Settings = settings }, AdminKey);

    /// <summary>Applies all migrations to a database.</summary>
    public static Task MigrateAsync(string database) =>
        ChildProcess.RunAsync("dotnet", [Programs.Migrations], new Dictionary<string, string?> { ["ConnectionStrings__Nest"] = database });

    /// <summary>Creates an API key with the command <c>create-key</c>, as an operator does.</summary>
    public static async Task<string> CreateKeyAsync(NestServerOptions options, string name, string role) =>
        (await ChildProcess.RunAsync("dotnet", [Programs.Api, "create-key", "--name", name, "--role", role], Environment(options))).Trim();

    /// <summary>Creates a client that authenticates with the key; without authentication if the key is null.</summary>
    public HttpClient ClientFor(string? key)
    {
        var socket = new SocketsHttpHandler();
        var client = new HttpClient(_options.Handler?.Invoke(socket) ?? socket) { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(90) };
        client.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    /// <summary>Starts the process. A later start uses the same database, URL and socket.</summary>
    public async Task StartAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            _process = ChildProcess.Start(
                "dotnet",
                [Programs.Api],
                new Dictionary<string, string?>(Environment(_options))
                {
                    ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{_port};http://unix:{Socket}",
                },
                Path.Combine(_folder, "api.log")
            );
            await SucceedsOrExitsAsync("livez");
            if (!_process.HasExited)
            {
                break;
            }

            // Another process may have taken the port since FreePort. The port can change only as long as no client uses it.
            var isPortTaken = _process.Output.Contains("address already in use", StringComparison.OrdinalIgnoreCase);
            if (attempt == 3 || _client is not null || !isPortTaken)
            {
                throw Exited();
            }

            _port = PostgresServer.FreePort();
        }
        if (_options.AwaitReady)
        {
            await SucceedsOrExitsAsync("readyz");
            if (_process.HasExited)
            {
                throw Exited();
            }
        }
    }

    /// <summary>Stops the process as the service manager does (SIGTERM).</summary>
    public Task StopAsync() => Process.StopAsync();

    /// <summary>Kills the process (SIGKILL).</summary>
    public Task KillAsync() => Process.KillAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static async Task<NestServer> StartAsync(NestServerOptions options, string adminKey)
    {
        var server = new NestServer(options, adminKey);
        try
        {
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private static Dictionary<string, string?> Environment(NestServerOptions options) =>
        new(options.Settings.Select(pair => new KeyValuePair<string, string?>(pair.Key, pair.Value)))
        {
            ["ConnectionStrings__Nest"] = options.Database,
            ["Northbound__Endpoints"] = options.Northbound,
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
        };

    private InvalidOperationException Exited() => new($"The API exited with {Process.ExitCode}:\n{Process.LastOutput}");

    /// <summary>Waits until a GET request succeeds or the process has exited.</summary>
    private async Task SucceedsOrExitsAsync(string path)
    {
        using var client = ClientFor(null);
        var answer = "no answer";
        try
        {
            await Eventually.Holds($"GET /{path} succeeds", async () =>
            {
                if (Process.HasExited)
                {
                    return true;
                }

                using var response = await client.GetAsync(new Uri(path, UriKind.Relative));
                answer = $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}";
                return response.IsSuccessStatusCode;
            });
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\n{answer}\n{Process.LastOutput}", e);
        }
    }
}
