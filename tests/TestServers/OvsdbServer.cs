using System.Net;
using System.Net.Sockets;

namespace TestServers;

/// <summary>
/// A real ovsdb-server with one database in a folder of its own, on a unix socket and if wished on a loopback port. It can be stopped,
/// killed, paused and started again on the same file, and its database replaced by an empty one.
/// </summary>
public sealed class OvsdbServer : IAsyncDisposable
{
    /// <summary>The schema of OVN's northbound database, as installed.</summary>
    public const string Northbound = "/usr/share/ovn/ovn-nb.ovsschema";

    /// <summary>The schema of a host's Open vSwitch database, as installed.</summary>
    public const string OpenVSwitch = "/usr/share/openvswitch/vswitch.ovsschema";

    private readonly int? _port;
    private readonly bool _clustered;
    private readonly ServerCertificate? _tls;
    private ChildProcess? _process;

    private OvsdbServer(int? port, bool clustered, ServerCertificate? tls) => (_port, _clustered, _tls) = (port, clustered, tls);

    /// <summary>The process, until it ends or is replaced by the next start.</summary>
    /// <exception cref="InvalidOperationException">It does not run.</exception>
    public int ProcessId => _process?.Id ?? throw new InvalidOperationException("This server does not run.");

    /// <summary>The folder of database, sockets and log.</summary>
    public string Folder { get; } = Programs.NewFolder("ovsdb");

    /// <summary>The endpoint of the unix socket, <c>unix:/path</c>; also the <c>--db</c> of the command-line tools.</summary>
    public string Endpoint => $"unix:{Socket}";

    /// <summary>The path of the unix socket.</summary>
    public string Socket => Path.Combine(Folder, "db.sock");

    /// <summary>The endpoint of the loopback port, <c>tcp:127.0.0.1:port</c>, or with a certificate <c>ssl:127.0.0.1:port</c>.</summary>
    /// <exception cref="InvalidOperationException">The server was started without one.</exception>
    public string TcpEndpoint =>
        _port is { } port ? $"{Scheme}:127.0.0.1:{port}" : throw new InvalidOperationException("This server has no port.");

    /// <summary>The path of the database file.</summary>
    public string Database => Path.Combine(Folder, "db");

    private string Scheme => _tls is null ? "tcp" : "ssl";

    /// <summary>Makes an empty database and serves it.</summary>
    /// <param name="schema">The path of its schema.</param>
    /// <param name="tcp">Also listen on a free loopback port, which stays the same over restarts.</param>
    /// <param name="clustered">The only member of a cluster, which keeps a history of transactions; else a standalone database.</param>
    /// <param name="tls">Secure that port with this certificate.</param>
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

    /// <summary>Starts it again after <see cref="StopAsync"/> or <see cref="KillAsync"/>, on the same database, socket and port; returns when it listens.</summary>
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
        await Eventually.Holds("ovsdb-server listens, or has ended", () => _process.HasExited || Listens());
        if (_process.HasExited)
        {
            throw new InvalidOperationException($"ovsdb-server does not start:\n{_process.Output}");
        }
    }

    /// <summary>Asks it to end (SIGTERM) and waits until it has. Nothing happens if it does not run.</summary>
    public Task StopAsync() => EndAsync(static process => process.StopAsync());

    /// <summary>Kills it (SIGKILL) and waits until it has ended. Nothing happens if it does not run.</summary>
    public Task KillAsync() => EndAsync(static process => process.KillAsync());

    /// <summary>Pauses it (SIGSTOP): its connections stay open and silent. <see cref="Signal.Continue"/> lets it go on.</summary>
    public void Send(Signal signal) => _process?.Send(signal);

    /// <summary>Has it do a command of ovsdb-server(1), <c>RUNTIME MANAGEMENT COMMANDS</c>; returns what it says.</summary>
    /// <exception cref="ProgramFailedException">It refuses.</exception>
    public Task<string> ControlAsync(params string[] command) => ChildProcess.RunAsync("ovs-appctl", ["-t", $"{Folder}/ctl", .. command]);

    /// <summary>Kills it if it runs, puts an empty database in the place of the present one, and serves that.</summary>
    /// <param name="schema">The path of its schema, which may be another than before.</param>
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

    /// <summary>Ends the server, if need be by force, and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private bool Listens()
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

/// <summary>The PEM files of a server that is reached by TLS.</summary>
/// <param name="Certificate">Its certificate.</param>
/// <param name="Key">The certificate's key.</param>
/// <param name="ClientAuthority">The authority that its clients' certificates must come from.</param>
/// <param name="Options">More of its command line, for instance <c>--ssl-protocols=TLSv1.2</c>.</param>
public sealed record ServerCertificate(string Certificate, string Key, string ClientAuthority, params string[] Options);
