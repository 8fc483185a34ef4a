using System.Net;
using System.Net.Sockets;

namespace TestServers;

/// <summary>
/// An ovsdb-server process with one database. It listens on a unix socket, and optionally on a loopback port. It can be stopped, killed,
/// paused and started again with the same database, and its database can be replaced by an empty one.
/// </summary>
public sealed class OvsdbServer : IAsyncDisposable
{
    /// <summary>The path of the installed schema of OVN's northbound database.</summary>
    public const string Northbound = "/usr/share/ovn/ovn-nb.ovsschema";

    /// <summary>The path of the installed schema of Open vSwitch's database.</summary>
    public const string OpenVSwitch = "/usr/share/openvswitch/vswitch.ovsschema";

    private readonly int? _port;
    private readonly bool _clustered;
    private readonly ServerCertificate? _tls;
    private ChildProcess? _process;

    private OvsdbServer(int? port, bool clustered, ServerCertificate? tls) => (_port, _clustered, _tls) = (port, clustered, tls);

    /// <summary>The process id. A restart changes it.</summary>
    /// <exception cref="InvalidOperationException">The server was stopped or killed.</exception>
    public int ProcessId => _process?.Id ?? throw new InvalidOperationException("The server was stopped or killed.");

    /// <summary>The folder of the database and the sockets.</summary>
    public string Folder { get; } = Programs.NewFolder("ovsdb");

    /// <summary>
    /// The endpoint of the unix socket, <c>unix:/path</c>; also a value for the option <c>--db</c> of the command-line tools.
    /// </summary>
    public string Endpoint => $"unix:{Socket}";

    /// <summary>The path of the unix socket.</summary>
    public string Socket => Path.Combine(Folder, "db.sock");

    /// <summary>The endpoint of the loopback port: <c>tcp:127.0.0.1:port</c>, with a certificate <c>ssl:127.0.0.1:port</c>.</summary>
    /// <exception cref="InvalidOperationException">The server was started without a port.</exception>
    public string TcpEndpoint =>
        _port is { } port ? $"{Scheme}:127.0.0.1:{port}" : throw new InvalidOperationException("The server was started without a port.");

    /// <summary>The path of the database file.</summary>
    public string Database => Path.Combine(Folder, "db");

    private string Scheme => _tls is null ? "tcp" : "ssl";

    /// <summary>Creates an empty database and starts a server for it.</summary>
    /// <param name="schema">The path of the schema.</param>
    /// <param name="tcp">Whether to listen on a free loopback port too. Restarts keep the port.</param>
    /// <param name="clustered">
    /// Whether the database is a cluster of one member, which keeps a history of transactions; otherwise standalone.
    /// </param>
    /// <param name="tls">Listen on a loopback port with TLS and these files; null for no TLS.</param>
    public static async Task<OvsdbServer> StartNewAsync(
        string schema = Northbound,
        bool tcp = false,
        bool clustered = false,
        ServerCertificate? tls = null
    )
    {
        var server = new OvsdbServer(tcp || tls is not null ? PostgresServer.FreePort() : null, clustered, tls);
        try
        {
            await server.ReplaceByEmptyAsync(schema);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Starts the server again after <see cref="StopAsync"/> or <see cref="KillAsync"/>, with the same database, socket and port. Returns
    /// when it accepts connections.
    /// </summary>
    public async Task StartAsync()
    {
        string[] remotes = _port is { } port
            ? [$"--remote=punix:{Socket}", $"--remote=p{Scheme}:{port}:127.0.0.1"]
            : [$"--remote=punix:{Socket}"];
        string[] tls = _tls is { } files
            ? [$"--private-key={files.Key}", $"--certificate={files.Certificate}", $"--ca-cert={files.ClientAuthority}", .. files.Options]
            : [];
        _process = ChildProcess.Start(
            "ovsdb-server",
            [.. remotes, .. tls, $"--unixctl={Folder}/ctl", "--no-chdir", "-vfile:off", "-vsyslog:off", Database]
        );
        await Eventually.Holds("ovsdb-server accepts connections or exits", () => _process.HasExited || AcceptsConnections());
        if (_process.HasExited)
        {
            throw new InvalidOperationException($"ovsdb-server exited with {_process.ExitCode}:\n{_process.Output}");
        }
    }

    /// <summary>Stops the server (SIGTERM). Does nothing if it does not run.</summary>
    public Task StopAsync() => EndAsync(static process => process.StopAsync());

    /// <summary>Kills the server (SIGKILL). Does nothing if it does not run.</summary>
    public Task KillAsync() => EndAsync(static process => process.KillAsync());

    /// <summary>
    /// Sends a signal. After <see cref="Signal.Pause"/> its connections stay open but get no answer, until <see cref="Signal.Continue"/>.
    /// </summary>
    public void Send(Signal signal) => _process?.Send(signal);

    /// <summary>Runs a management command (ovsdb-server(1), <c>RUNTIME MANAGEMENT COMMANDS</c>), and returns its output.</summary>
    /// <exception cref="ProgramFailedException">The command failed.</exception>
    public Task<string> ControlAsync(params string[] command) => ChildProcess.RunAsync("ovs-appctl", ["-t", $"{Folder}/ctl", .. command]);

    /// <summary>Kills the server, replaces its database by an empty one, and starts it again.</summary>
    /// <param name="schema">The path of the new database's schema.</param>
    public async Task ReplaceByEmptyAsync(string schema = Northbound)
    {
        await KillAsync();
        File.Delete(Database);
        await ChildProcess.RunAsync(
            "ovsdb-tool",
            _clustered ? ["create-cluster", Database, schema, $"unix:{Folder}/raft"] : ["create", Database, schema]
        );
        await StartAsync();
    }

    /// <summary>Copies the database to a file.</summary>
    /// <returns>The path of the file.</returns>
    public string Backup()
    {
        var path = Path.Combine(Folder, "backup.db");
        File.Copy(Database, path, overwrite: true);
        return path;
    }

    /// <summary>Kills the server, replaces its database by a copy of this file, and starts it again.</summary>
    public async Task RestoreAsync(string backup)
    {
        await KillAsync();
        File.Copy(backup, Database, overwrite: true);
        await StartAsync();
    }

    /// <summary>Kills the server and deletes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Connects to the socket and the port. Throws if either refuses.</summary>
    private bool AcceptsConnections()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(Socket));
        using var tcp = new Socket(SocketType.Stream, ProtocolType.Tcp);
        if (_port is { } port)
        {
            tcp.Connect(IPAddress.Loopback, port);
        }

        return true;
    }

    private async Task EndAsync(Func<ChildProcess, Task> end)
    {
        if (_process is not { } process)
        {
            return;
        }

        await end(process);
        await process.DisposeAsync();
        _process = null;
    }
}

/// <summary>The TLS files (PEM) and options of a server.</summary>
/// <param name="Certificate">The path of the certificate.</param>
/// <param name="Key">The path of the private key.</param>
/// <param name="ClientAuthority">The path of the CA certificate that clients' certificates must be signed by.</param>
/// <param name="Options">More options for the command line, for instance <c>--ssl-protocols=TLSv1.2</c>.</param>
public sealed record ServerCertificate(string Certificate, string Key, string ClientAuthority, params string[] Options);
