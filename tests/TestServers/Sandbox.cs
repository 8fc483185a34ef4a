using System.Diagnostics;

namespace TestServers;

/// <summary>
/// A small OVN cloud (<c>lab/sandbox</c>): a central with NB, SB and northd, and hosts with their own Open vSwitch and ovn-controller, in namespaces of this machine.
/// Needs root. Several may run at once; the machine's own network is not touched.
/// </summary>
public sealed class Sandbox : IAsyncDisposable
{
    private bool _down;

    private Sandbox(string folder)
    {
        Folder = folder;
        AppDomain.CurrentDomain.ProcessExit += DownAtExit;
    }

    /// <summary>The sandbox's folder, seen under the same path from every host. It goes with the sandbox; a test may put files into it.</summary>
    public string Folder { get; }

    /// <summary>The northbound database as an OVSDB endpoint, <c>unix:/…</c>.</summary>
    public string Northbound => $"unix:{Folder}/central/ovnnb_db.sock";

    /// <summary>The southbound database as an OVSDB endpoint, <c>unix:/…</c>.</summary>
    public string Southbound => $"unix:{Folder}/central/ovnsb_db.sock";

    /// <summary>Starts a sandbox (about a second). A host's system-id is its name.</summary>
    /// <param name="hosts">The hosts' names; none: central alone, for tests that need databases and northd only.</param>
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

    /// <summary>A host's own database as an OVSDB endpoint, <c>unix:/…</c>.</summary>
    public string Ovsdb(string host) => $"unix:{Folder}/{host}/db.sock";

    /// <summary>Runs a program as on that host (or <c>central</c>) and returns its standard output without the last line's end.</summary>
    /// <exception cref="ProgramFailedException">It ended with another status than 0.</exception>
    public async Task<string> ExecAsync(string host, params string[] command) =>
        (await ChildProcess.RunAsync(Programs.Sandbox, ["exec", Folder, host, .. command])).TrimEnd('\n');

    /// <summary>Whether a program that runs as on that host ends with status 0.</summary>
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

    /// <summary><c>ovn-nbctl</c> on central: what a person or another system does to the northbound database.</summary>
    public Task<string> NbctlAsync(params string[] arguments) => ExecAsync("central", ["ovn-nbctl", .. arguments]);

    /// <summary><c>ovs-vsctl</c> on a host.</summary>
    public Task<string> VsctlAsync(string host, params string[] arguments) => ExecAsync(host, ["ovs-vsctl", .. arguments]);

    /// <summary>One ping from a network namespace of a host; a lost one is tried again, once, because the first may fall to ARP.</summary>
    public async Task<bool> PingsAsync(string host, string networkNamespace, string address)
    {
        string[] ping = ["ip", "netns", "exec", networkNamespace, "ping", "-c1", "-W1", address];
        return await SucceedsAsync(host, ping) || await SucceedsAsync(host, ping);
    }

    /// <summary>Starts a long-running program as on that host; its pid is the program's own.</summary>
    public ChildProcess Start(
        string host,
        IEnumerable<string> command,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? logFile = null
    ) => ChildProcess.Start(Programs.Sandbox, ["exec", Folder, host, .. command], environment, logFile);

    /// <summary>Starts a server that was stopped or killed; returns when it is ready. Central: nb, sb, northd; host: ovsdb, vswitchd, controller.</summary>
    public Task StartAsync(string host, string server) => RunAsync("start", host, server);

    /// <summary>Stops a server as the service manager would.</summary>
    public Task StopAsync(string host, string server) => RunAsync("stop", host, server);

    /// <summary>Kills a server (SIGKILL).</summary>
    public Task KillAsync(string host, string server) => RunAsync("kill", host, server);

    /// <summary>Replaces a database (central: nb; host: ovsdb) by an empty one, which on a host has the host's own OVN settings.</summary>
    public Task EmptyAsync(string host, string server) => RunAsync("empty", host, server);

    /// <summary>Ends all of it, and everything that runs in its namespaces.</summary>
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
