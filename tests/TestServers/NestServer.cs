using System.Net.Http.Headers;

namespace TestServers;

/// <summary>What an API process is started with.</summary>
public sealed record NestServerOptions
{
    /// <summary>The Npgsql connection string of its database, which is migrated first.</summary>
    public required string Database { get; init; }

    /// <summary>The northbound database, <c>unix:/…</c> or <c>tcp:…</c>.</summary>
    public required string Northbound { get; init; }

    /// <summary>More configuration by name, as environment variables: <c>Leases__Cooldown</c> = <c>00:00:01</c>.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether to wait for <c>/readyz</c>; false: only until the process answers <c>/livez</c>.</summary>
    public bool AwaitReady { get; init; } = true;
}

/// <summary>The API and reconciler as the process that an operator runs, on a free loopback port and a unix socket. It may be killed and started again on the same state.</summary>
public sealed class NestServer : IAsyncDisposable
{
    private readonly NestServerOptions _options;
    private readonly string _folder = Programs.NewFolder("api");
    private int _port = PostgresServer.FreePort();
    private ChildProcess? _process;
    private HttpClient? _client;

    private NestServer(NestServerOptions options, string adminKey) => (_options, AdminKey) = (options, adminKey);

    /// <summary>An admin key of this installation.</summary>
    public string AdminKey { get; }

    /// <summary>Where it listens, with a slash at the end.</summary>
    public Uri Url => new($"http://127.0.0.1:{_port}/");

    /// <summary>The unix socket on which it listens as well: agents in a sandbox's hosts reach it there.</summary>
    public string Socket => Path.Combine(_folder, "api.sock");

    /// <summary>A client with the admin key. Its timeout is above the API's longest wait (60 s).</summary>
    public HttpClient Client => _client ??= ClientFor(AdminKey);

    /// <summary>The present process.</summary>
    public ChildProcess Process => _process ?? throw new InvalidOperationException("Not started.");

    /// <summary>Migrates the database, makes an admin key and starts the process.</summary>
    public static async Task<NestServer> StartAsync(NestServerOptions options)
    {
        await MigrateAsync(options.Database);
        return await StartAsync(options, await CreateKeyAsync(options, "admin", "admin"));
    }

    /// <summary>Starts another process on the same database and northbound: a replica.</summary>
    public Task<NestServer> StartReplicaAsync(IReadOnlyDictionary<string, string>? settings = null) =>
        StartAsync(settings is null ? _options : _options with { Settings = settings }, AdminKey);

    /// <summary>Brings a database to the present schema.</summary>
    public static Task MigrateAsync(string database) =>
        ChildProcess.RunAsync("dotnet", [Programs.Migrations], new Dictionary<string, string?> { ["ConnectionStrings__Nest"] = database });

    /// <summary>Makes a key by the program's own command, as an operator would.</summary>
    public static async Task<string> CreateKeyAsync(NestServerOptions options, string name, string role) =>
        (await ChildProcess.RunAsync("dotnet", [Programs.Api, "create-key", "--name", name, "--role", role], Environment(options))).Trim();

    /// <summary>A client that authenticates with that key; null: with none.</summary>
    public HttpClient ClientFor(string? key)
    {
        var client = new HttpClient { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(90) };
        client.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    /// <summary>Starts the process (again), on the same state and addresses.</summary>
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
            await AnswersAsync("livez");
            if (!_process.HasExited)
            {
                break;
            }
            // Somebody may have taken the port between our looking and our listening. Nobody has been told it yet.
            if (
                attempt == 3
                || _client is not null
                || !_process.Output.Contains("address already in use", StringComparison.OrdinalIgnoreCase)
            )
            {
                throw new InvalidOperationException($"The API ended with {_process.ExitCode}:\n{_process.LastOutput}");
            }

            _port = PostgresServer.FreePort();
        }
        if (_options.AwaitReady)
        {
            await AnswersAsync("readyz");
        }
    }

    /// <summary>Stops it as the service manager would (SIGTERM).</summary>
    public Task StopAsync() => Process.StopAsync();

    /// <summary>Kills it (SIGKILL).</summary>
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

    private async Task AnswersAsync(string path)
    {
        using var client = ClientFor(null);
        var seen = "nothing";
        try
        {
            await Eventually.Holds($"the API answers /{path}", async () =>
            {
                if (Process.HasExited)
                {
                    return true;
                }

                using var response = await client.GetAsync(new Uri(path, UriKind.Relative));
                seen = $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}";
                return response.IsSuccessStatusCode;
            });
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\n{seen}\n{Process.LastOutput}", e);
        }
    }
}
