using System.Diagnostics;

namespace TestServers;

/// <summary>
/// An OVN deployment in network namespaces of this machine (<c>lab/sandbox</c>): central with the northbound database, the southbound
/// database and ovn-northd; and hosts, each with its own Open vSwitch and ovn-controller. Needs root. Several can run at the same time,
/// because the machine's own network is not changed.
/// </summary>
public sealed class Sandbox : IAsyncDisposable
{
    private bool _down;

    private Sandbox(string folder)
    {
        Folder = folder;
        AppDomain.CurrentDomain.ProcessExit += DownAtExit;
    }

    /// <summary>
    /// The folder of the sandbox, which has the same path on every host. A test may add files; dispose deletes the folder.
    /// </summary>
    public string Folder { get; }

    /// <summary>The OVSDB endpoint of the northbound database, <c>unix:/…</c>.</summary>
    public string Northbound => $"unix:{Folder}/central/ovnnb_db.sock";

    /// <summary>The OVSDB endpoint of the southbound database, <c>unix:/…</c>.</summary>
    public string Southbound => $"unix:{Folder}/central/ovnsb_db.sock";

    /// <summary>Starts a sandbox, which takes about a second.</summary>
    /// <param name="hosts">The names of the hosts, which are also their system-ids. If there are none, only central is started.</param>
    public static async Task<Sandbox> UpAsync(params string[] hosts)
    {
        var sandbox = new Sandbox(Programs.NewFolder("ovn"));
        try
        {
            await ChildProcess.RunAsync(Programs.Sandbox, ["up", sandbox.Folder, .. hosts.DefaultIfEmpty("central")]);
            return sandbox;
        }
        catch
        {
            await sandbox.DisposeAsync();
            throw;
        }
    }

    /// <summary>The OVSDB endpoint of a host's Open vSwitch database, <c>unix:/…</c>.</summary>
    public string Ovsdb(string host) => $"unix:{Folder}/{host}/db.sock";

    /// <summary>Runs a program on a host or on <c>central</c>, and returns its standard output without the last newline.</summary>
    /// <exception cref="ProgramFailedException">The exit code is not 0.</exception>
    public async Task<string> ExecAsync(string host, params string[] command) =>
        (await ChildProcess.RunAsync(Programs.Sandbox, ["exec", Folder, host, .. command])).TrimEnd('\n');

    /// <summary>Runs a shell command on a host or on <c>central</c>, and returns its standard output without the last newline.</summary>
    /// <exception cref="ProgramFailedException">The exit code is not 0.</exception>
    public Task<string> ShellAsync(string host, string command) => ExecAsync(host, "sh", "-c", command);

    /// <summary>Runs a program on a host or on <c>central</c>, and returns whether its exit code is 0.</summary>
    public async Task<bool> SucceedsAsync(string host, params string[] command)
    {
        try
        {
            await ExecAsync(host, command);
            return true;
        }
        catch (ProgramFailedException)
        {
            return false;
        }
    }

    /// <summary>Runs <c>ovn-nbctl</c> on central, and returns its output.</summary>
    public Task<string> NbctlAsync(params string[] arguments) => ExecAsync("central", ["ovn-nbctl", .. arguments]);

    /// <summary>Runs <c>ovs-vsctl</c> on a host, and returns its output.</summary>
    public Task<string> VsctlAsync(string host, params string[] arguments) => ExecAsync(host, ["ovs-vsctl", .. arguments]);

    /// <summary>
    /// Pings an address from a network namespace of a host, and returns whether it answers. Has two attempts, because the first ping may be
    /// lost during ARP resolution.
    /// </summary>
    public async Task<bool> PingsAsync(string host, string networkNamespace, string address)
    {
        string[] ping = ["ip", "netns", "exec", networkNamespace, "ping", "-c1", "-W1", address];
        return await SucceedsAsync(host, ping) || await SucceedsAsync(host, ping);
    }

    /// <summary>Starts a program on a host without waiting for its end. The process id is the program's.</summary>
    public ChildProcess Start(
        string host,
        IEnumerable<string> command,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? logFile = null
    ) => ChildProcess.Start(Programs.Sandbox, ["exec", Folder, host, .. command], environment, logFile);

    /// <summary>Starts a server again. Returns when it is ready.</summary>
    /// <param name="host">A host, or <c>central</c>.</param>
    /// <param name="server">On central: nb, sb or northd. On a host: ovsdb, vswitchd or controller.</param>
    public Task StartAsync(string host, string server) => RunAsync("start", host, server);

    /// <summary>Stops a server as the service manager does.</summary>
    public Task StopAsync(string host, string server) => RunAsync("stop", host, server);

    /// <summary>Kills a server (SIGKILL).</summary>
    public Task KillAsync(string host, string server) => RunAsync("kill", host, server);

    /// <summary>
    /// Replaces a database by an empty one: <c>nb</c> on central, or <c>ovsdb</c> on a host, whose new database has only the host's OVN
    /// settings.
    /// </summary>
    public Task EmptyAsync(string host, string server) => RunAsync("empty", host, server);

    /// <summary>Stops all servers and all processes in the namespaces, and deletes the folder.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_down)
        {
            return;
        }

        await ChildProcess.RunAsync(Programs.Sandbox, ["down", Folder]);
        _down = true;
        AppDomain.CurrentDomain.ProcessExit -= DownAtExit;
    }

    private Task<string> RunAsync(string command, string host, string server) =>
        ChildProcess.RunAsync(Programs.Sandbox, [command, Folder, host, server]);

    private void DownAtExit(object? sender, EventArgs e)
    {
        using var down = Process.Start(Programs.Sandbox, ["down", Folder]);
        down.WaitForExit(TimeSpan.FromSeconds(20));
    }
}
