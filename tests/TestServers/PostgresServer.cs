using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Npgsql;

namespace TestServers;

/// <summary>A PostgreSQL server of a test's own, in a temporary folder: a unix socket that only this user reaches, a loopback port, no fsync.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private static readonly Lazy<Task<PostgresServer>> OfThisAssembly = new(GetSharedAsync);
    private readonly string? _folder;
    private readonly string _administrator;
    private ChildProcess? _process;

    private PostgresServer(string? folder, string administrator, string password)
    {
        (_folder, _administrator, Password) = (folder, administrator, password);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Clean();
    }

    /// <summary>The password of user <c>postgres</c> on the loopback port; the socket asks for none.</summary>
    public string Password { get; }

    /// <summary>The loopback port.</summary>
    public int Port => new NpgsqlConnectionStringBuilder(_administrator).Port;

    /// <summary>
    /// The server that all tests of an assembly share, started on first use and ended by <see cref="SharedServers"/>. If the environment has <c>NEST_TEST_POSTGRES</c>
    /// (an Npgsql connection string of a user who may create databases), it is that server instead, which cannot be stopped or killed.
    /// </summary>
    public static Task<PostgresServer> SharedAsync() => OfThisAssembly.Value;

    /// <summary>Ends the shared one, if there is one and it is our own.</summary>
    public static async ValueTask EndSharedAsync()
    {
        if (OfThisAssembly.IsValueCreated)
        {
            await (await OfThisAssembly.Value).DisposeAsync();
        }
    }

    /// <summary>Starts one for this test alone, which it may stop and kill.</summary>
    public static async Task<PostgresServer> StartNewAsync()
    {
        var folder = Programs.NewFolder("pg");
        var password = RandomNumberGenerator.GetHexString(32);
        var passwordFile = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(passwordFile, password);
        if (Environment.IsPrivilegedProcess)
        {
            await ChildProcess.RunAsync("chown", ["postgres:postgres", folder, passwordFile]);
        }

        File.SetUnixFileMode(folder, (UnixFileMode)Convert.ToInt32("700", 8));
        await RunAsync(
            "initdb",
            "-D",
            Path.Combine(folder, "data"),
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
            "--auth-local=trust",
            "--auth-host=scram-sha-256",
            $"--pwfile={passwordFile}"
        );
        var administrator = new NpgsqlConnectionStringBuilder
        {
            Host = folder,
            Port = FreePort(),
            Username = "postgres",
            Database = "postgres",
            Pooling = false,
        };
        var server = new PostgresServer(folder, administrator.ConnectionString, password);
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts it again after <see cref="StopAsync"/> or <see cref="KillAsync"/>, on the same port and data; returns when it answers.</summary>
    public async Task StartAsync()
    {
        var folder = OwnFolder();
        var (program, arguments) = AsPostgres(
            "postgres",
            "-D",
            Path.Combine(folder, "data"),
            "-k",
            folder,
            "-h",
            "127.0.0.1",
            "-p",
            Port.ToString(CultureInfo.InvariantCulture),
            "-c",
            "fsync=off",
            "-c",
            "full_page_writes=off",
            "-c",
            "max_connections=300",
            "-c",
            "jit=off"
        );
        _process = ChildProcess.Start(program, arguments);
        await Eventually.Becomes(
            "PostgreSQL answers",
            async () =>
            {
                if (!_process.HasExited)
                {
                    await ExecuteAsync("SELECT 1");
                }

                return (Ended: _process.HasExited, _process.LastOutput);
            },
            static _ => true
        );
        if (_process.HasExited)
        {
            throw new InvalidOperationException($"PostgreSQL does not start:\n{_process.Output}");
        }
    }

    /// <summary>Stops it as an operator would (fast shutdown: sessions are cut, nothing committed is lost).</summary>
    public Task StopAsync() => OwnProcess().StopAsync(Signal.Interrupt);

    /// <summary>Crashes it (immediate shutdown): every session is cut at once, the next start recovers.</summary>
    public Task KillAsync() => OwnProcess().StopAsync(Signal.Quit);

    /// <summary>Stops (SIGSTOP) or continues the accepting process: present sessions live on, new ones hang.</summary>
    public void Send(Signal signal) => OwnProcess().Send(signal);

    /// <summary>A new empty database; returns its connection string, with a pool of its own.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = NewName();
        await ExecuteAsync($"CREATE DATABASE {name}");
        return ConnectionString(name);
    }

    /// <summary>A copy of a database (tens of milliseconds: migrate once, copy for each test). Sessions on the template are ended.</summary>
    /// <param name="template">The template's connection string, as <see cref="CreateDatabaseAsync"/> gave it.</param>
    public async Task<string> CreateDatabaseFromAsync(string template)
    {
        var source = new NpgsqlConnectionStringBuilder(template).Database;
        await using (var pool = new NpgsqlConnection(template))
        {
            NpgsqlConnection.ClearPool(pool);
        }

        await ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{source}'");
        var name = NewName();
        await ExecuteAsync($"CREATE DATABASE {name} TEMPLATE {source}");
        return ConnectionString(name);
    }

    /// <summary>The same database by the loopback port and password instead of the socket.</summary>
    public string OverTcp(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Host = "127.0.0.1", Password = Password }.ConnectionString;

    /// <summary>Cuts all sessions of a database, as a failover does.</summary>
    public Task CutSessionsAsync(string connectionString) =>
        ExecuteAsync(
            $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{new NpgsqlConnectionStringBuilder(connectionString).Database}'"
        );

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await KillAsync();
            Clean();
            await _process.DisposeAsync();
        }
    }

    /// <summary>A loopback port that nobody has at this moment. Another may take it before we do: who uses it tries again.</summary>
    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static Task<PostgresServer> GetSharedAsync() =>
        Environment.GetEnvironmentVariable("NEST_TEST_POSTGRES") is { Length: > 0 } given
            ? Task.FromResult(new PostgresServer(null, given, new NpgsqlConnectionStringBuilder(given).Password ?? ""))
            : StartNewAsync();

    private static string NewName() => "nest_" + Guid.NewGuid().ToString("N")[..12];

    private static Task<string> RunAsync(string program, params string[] arguments)
    {
        var (command, all) = AsPostgres(program, arguments);
        return ChildProcess.RunAsync(command, all);
    }

    /// <summary>PostgreSQL refuses to run as root, and its user may not see our folder. Debian keeps its programs out of PATH.</summary>
    private static (string Program, IReadOnlyList<string> Arguments) AsPostgres(string program, params string[] arguments)
    {
        var path = Directory.Exists("/usr/lib/postgresql")
            ? Directory
                .GetDirectories("/usr/lib/postgresql")
                .Select(version => Path.Combine(version, "bin", program))
                .Where(File.Exists)
                .Max()
                ?? program
            : program;
        return Environment.IsPrivilegedProcess
            ? ("env", ["--chdir=/", "setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", path, .. arguments])
            : (path, arguments);
    }

    private string ConnectionString(string database) =>
        new NpgsqlConnectionStringBuilder(_administrator) { Database = database, Pooling = true }.ConnectionString;

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_administrator);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private string OwnFolder() =>
        _folder ?? throw new InvalidOperationException("A server given by NEST_TEST_POSTGRES cannot be started or ended.");

    private ChildProcess OwnProcess() =>
        _process ?? throw new InvalidOperationException("A server given by NEST_TEST_POSTGRES cannot be started or ended.");

    private void Clean()
    {
        if (_folder is null || !Directory.Exists(_folder))
        {
            return;
        }
        // A postmaster that is killed leaves shared memory behind; this one ends in milliseconds.
        _process?.End(Signal.Quit, TimeSpan.FromSeconds(5));
        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (IOException)
        {
            // A last backend may still write; the folder is in the temporary directory.
        }
    }
}
