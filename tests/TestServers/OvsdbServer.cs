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
    private ChildProcess? _process;

    private OvsdbServer(int? port, bool clustered) => (_port, _clustered) = (port, clustered);

    /// <summary>The folder of database, sockets and log.</summary>
    public string Folder { get; } = Programs.NewFolder("ovsdb");

    /// <summary>The endpoint of the unix socket, <c>unix:/path</c>; also the <c>--db</c> of the command-line tools.</summary>
    public string Endpoint => $"unix:{Socket}";

    /// <summary>The path of the unix socket.</summary>
    public string Socket => Path.Combine(Folder, "db.sock");

    /// <summary>The endpoint of the loopback port, <c>tcp:127.0.0.1:port</c>.</summary>
    /// <exception cref="InvalidOperationException">The server was started without one.</exception>
    public string TcpEndpoint => _port is { } port ? $"tcp:127.0.0.1:{port}" : throw new InvalidOperationException("This server has no port.");

    private string Database => Path.Combine(Folder, "db");

    /// <summary>Makes an empty database and serves it.</summary>
    /// <param name="schema">The path of its schema.</param>
    /// <param name="tcp">Also listen on a free loopback port, which stays the same over restarts.</param>
    /// <param name="clustered">The only member of a cluster, which keeps a history of transactions; else a standalone database.</param>
    public static async Task<OvsdbServer> StartNewAsync(string schema = Northbound, bool tcp = false, bool clustered = false)
    {
        var server = new OvsdbServer(tcp ? PostgresServer.FreePort() : null, clustered);
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
        string[] remotes = _port is { } port ? [$"--remote=punix:{Socket}", $"--remote=ptcp:{port}:127.0.0.1"] : [$"--remote=punix:{Socket}"];
        _process = ChildProcess.Start("ovsdb-server", [.. remotes, $"--unixctl={Folder}/ctl", "--no-chdir", "-vfile:off", "-vsyslog:off", Database]);
        await Eventually.Holds("ovsdb-server listens, or has ended", () => _process.HasExited || Listens());
        if (_process.HasExited)
            throw new InvalidOperationException($"ovsdb-server does not start:\n{_process.Output}");
    }

    /// <summary>Asks it to end (SIGTERM) and waits until it has. Nothing happens if it does not run.</summary>
    public Task StopAsync() => EndAsync(static process => process.StopAsync());

    /// <summary>Kills it (SIGKILL) and waits until it has ended. Nothing happens if it does not run.</summary>
    public Task KillAsync() => EndAsync(static process => process.KillAsync());

    /// <summary>Pauses it (SIGSTOP): its connections stay open and silent. <see cref="Signal.Continue"/> lets it go on.</summary>
    public void Send(Signal signal) => _process?.Send(signal);

    /// <summary>Kills it if it runs, puts an empty database in the place of the present one, and serves that.</summary>
    /// <param name="schema">The path of its schema, which may be another than before.</param>
    public async Task ReplaceByEmptyAsync(string schema = Northbound)
    {
        await KillAsync();
        File.Delete(Database);
        await ChildProcess.RunAsync("ovsdb-tool", _clustered ? ["create-cluster", Database, schema, $"unix:{Folder}/raft"] : ["create", Database, schema]);
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
        return true;
    }

    private async Task EndAsync(Func<ChildProcess, Task> end)
    {
        if (_process is not { } process)
            return;
        await end(process);
        await process.DisposeAsync();
        _process = null;
    }
}
