using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Npgsql;

namespace TestServers;

/// <summary>
/// A PostgreSQL server with its data in a temporary folder and without fsync. It listens on a loopback port and on a unix socket that only
/// this user and root can access.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private static readonly Lazy<Task<PostgresServer>> Shared = new(GetSharedAsync);
    private readonly string? _folder;
    private readonly string _administrator;
    private ChildProcess? _process;

    private PostgresServer(string? folder, string administrator, string password)
    {
        (_folder, _administrator, Password) = (folder, administrator, password);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Clean();
    }

    /// <summary>The password of the user <c>postgres</c> for the loopback port. The socket needs no password.</summary>
    public string Password { get; }

    /// <summary>The loopback port.</summary>
    public int Port => new NpgsqlConnectionStringBuilder(_administrator).Port;

    /// <summary>
    /// Returns the server that all tests of an assembly share. It is started on first use and stopped by <see cref="SharedServers"/>. The
    /// environment variable <c>NEST_TEST_POSTGRES</c>, the Npgsql connection string of a user who may create databases, selects an existing
    /// server instead, which tests cannot stop or kill.
    /// </summary>
    public static Task<PostgresServer> SharedAsync() => Shared.Value;

    /// <summary>Stops the shared server if this process started it.</summary>
    public static async ValueTask EndSharedAsync()
    {
        if (Shared.IsValueCreated)
        {
            await (await Shared.Value).DisposeAsync();
        }
    }

    /// <summary>Starts a server for one test, which the test may stop and kill.</summary>
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

    /// <summary>
    /// Starts the server again after <see cref="StopAsync"/> or <see cref="KillAsync"/>, with the same port and data. Returns when it
    /// answers.
    /// </summary>
    public async Task StartAsync()
    {
        var folder = OwnFolder();
        string[] settings = [$"port={Port}", "fsync=off", "full_page_writes=off", "max_connections=300", "jit=off"];
        string[] command =
        [
            .. new[] { "postgres", "-D", Path.Combine(folder, "data"), "-k", folder, "-h", "127.0.0.1" },
            .. settings.SelectMany(setting => new[] { "-c", setting }),
        ];
        var (program, arguments) = AsPostgres(command);
        _process = ChildProcess.Start(program, arguments);
        await Eventually.Becomes(
            "PostgreSQL answers or exits",
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
            throw new InvalidOperationException($"PostgreSQL exited with {_process.ExitCode}:\n{_process.Output}");
        }
    }

    /// <summary>Stops the server as an operator does: fast shutdown, which terminates all sessions.</summary>
    public Task StopAsync() => OwnProcess().StopAsync(Signal.Interrupt);

    /// <summary>Crashes the server: immediate shutdown, after which the next start recovers from the write-ahead log.</summary>
    public Task KillAsync() => OwnProcess().StopAsync(Signal.Quit);

    /// <summary>Sends a signal to the postmaster. While it is paused, new connections hang and existing sessions work.</summary>
    public void Send(Signal signal) => OwnProcess().Send(signal);

    /// <summary>Creates an empty database, and returns its connection string.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = NewName();
        await ExecuteAsync($"CREATE DATABASE {name}");
        return ConnectionString(name);
    }

    /// <summary>
    /// Creates a copy of a database, and returns its connection string. That takes tens of milliseconds, much less than the migrations.
    /// Terminates all sessions of the template.
    /// </summary>
    /// <param name="template">The template's connection string, as <see cref="CreateDatabaseAsync"/> returned it.</param>
    public async Task<string> CreateDatabaseFromAsync(string template)
    {
        await using (var pool = new NpgsqlConnection(template))
        {
            NpgsqlConnection.ClearPool(pool);
        }

        await CutSessionsAsync(template);
        var name = NewName();
        await ExecuteAsync($"CREATE DATABASE {name} TEMPLATE {DatabaseOf(template)}");
        return ConnectionString(name);
    }

    /// <summary>Replaces a database by a copy of another one, as a restore of a backup does. Terminates all sessions of both.</summary>
    public async Task ReplaceDatabaseAsync(string database, string by)
    {
        await ExecuteAsync($"DROP DATABASE {DatabaseOf(database)} WITH (FORCE)");
        await ExecuteAsync($"CREATE DATABASE {DatabaseOf(database)} TEMPLATE {DatabaseOf(by)}");
    }

    /// <summary>Returns the connection string of the same database with the loopback port and password instead of the socket.</summary>
    public string OverTcp(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Host = "127.0.0.1", Password = Password }.ConnectionString;

    /// <summary>Terminates all sessions of a database, as a failover does.</summary>
    public Task CutSessionsAsync(string connectionString) =>
        ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{DatabaseOf(connectionString)}'");

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

    /// <summary>Returns a free loopback port. Another process may take it before the caller does; the caller must then retry.</summary>
    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static Task<PostgresServer> GetSharedAsync() =>
        Environment.GetEnvironmentVariable("NEST_TEST_POSTGRES") is { Length: > 0 } existing
            ? Task.FromResult(new PostgresServer(null, existing, new NpgsqlConnectionStringBuilder(existing).Password ?? ""))
            : StartNewAsync();

    private static string? DatabaseOf(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString).Database;

    private static string NewName() => "nest_" + Guid.NewGuid().ToString("N")[..12];

    private static Task<string> RunAsync(params string[] command)
    {
        var (program, arguments) = AsPostgres(command);
        return ChildProcess.RunAsync(program, arguments);
    }

    /// <summary>
    /// Returns the command line of a PostgreSQL program. As root, it runs as the user postgres, because initdb and postgres refuse to run
    /// as root; and in <c>/</c>, because that user may not have access to the present directory.
    /// </summary>
    private static (string Program, IReadOnlyList<string> Arguments) AsPostgres(params string[] command)
    {
        var path = PathOf(command[0]);
        return Environment.IsPrivilegedProcess
            ? ("env", ["--chdir=/", "setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", path, .. command[1..]])
            : (path, command[1..]);
    }

    /// <summary>Returns the path of a PostgreSQL program in Debian's folder, which is not in PATH; elsewhere its name.</summary>
    private static string PathOf(string program)
    {
        const string debian = "/usr/lib/postgresql";
        var versions = Directory.Exists(debian) ? Directory.GetDirectories(debian) : [];
        return versions.Select(version => Path.Combine(version, "bin", program)).Where(File.Exists).Max() ?? program;
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
        _folder ?? throw new InvalidOperationException("The server of NEST_TEST_POSTGRES cannot be started or stopped by a test.");

    private ChildProcess OwnProcess() =>
        _process ?? throw new InvalidOperationException("The server of NEST_TEST_POSTGRES cannot be started or stopped by a test.");

    private void Clean()
    {
        if (_folder is null || !Directory.Exists(_folder))
        {
            return;
        }
        // SIGQUIT instead of SIGKILL, after which shared memory would remain.
        _process?.End(Signal.Quit, TimeSpan.FromSeconds(5));
        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (IOException)
        {
            // A backend may still write its last file. What remains is in the temporary directory.
        }
    }
}
