using TestServers;

namespace EndToEnd.Tests.World;

/// <summary>Breaks one part at random, leaves it broken for up to some seconds, and repairs it.</summary>
internal sealed class Faults(World world, Random random)
{
    private string? _northboundBackup;

    /// <summary>The faults that replace no database, by name.</summary>
    public IReadOnlyDictionary<string, Func<Task>> All =>
        new Dictionary<string, Func<Task>>
        {
            ["an API process is killed"] = () => ServerAsync(server => server.Server.KillAsync()),
            ["an API process is stopped"] = () => ServerAsync(server => Send(server.Server.Process, Signal.Pause)),
            ["an API process is cut off from PostgreSQL"] = () => ServerAsync(server => Run(server.Postgres.Cut)),
            ["an API process is cut off from the NB"] = () => ServerAsync(server => Run(server.Northbound.Cut)),
            ["PostgreSQL is killed"] = PostgresAsync,
            ["the NB server is killed"] = () => SandboxAsync("central", "nb"),
            ["northd is killed"] = () => SandboxAsync("central", "northd"),
            ["an agent is killed"] = AgentKilledAsync,
            ["an agent is stopped"] = AgentStoppedAsync,
            ["an ovs-vswitchd is killed"] = () => SandboxAsync(AnyHost(), "vswitchd"),
            ["an ovn-controller is killed"] = () => SandboxAsync(AnyHost(), "controller"),
            ["the Open vSwitch database of a host is replaced by an empty one"] = () => world.Sandbox.EmptyAsync(AnyHost(), "ovsdb"),
        };

    /// <summary>Runs one of <see cref="All"/>, and returns its name.</summary>
    public async Task<string> RunAnyAsync()
    {
        var (name, fault) = All.ElementAt(random.Next(All.Count));
        await fault();
        return name;
    }

    /// <summary>Keeps a copy of the present NB for <see cref="RestoreNorthboundAsync"/>.</summary>
    public async Task BackUpNorthboundAsync()
    {
        var file = Path.Combine(world.Sandbox.Folder, "central", "backup.db");
        await world.Sandbox.ShellAsync("central", $"ovsdb-client backup {world.Sandbox.Northbound} OVN_Northbound > {file}");
        _northboundBackup = file;
    }

    /// <summary>Replaces the NB by the copy, or by an empty one if there is none.</summary>
    public async Task RestoreNorthboundAsync()
    {
        if (_northboundBackup is null)
        {
            await world.Sandbox.EmptyAsync("central", "nb");
            return;
        }

        await world.Sandbox.StopAsync("central", "nb");
        File.Copy(_northboundBackup, Path.Combine(world.Sandbox.Folder, "central", "ovnnb_db.db"), overwrite: true);
        _northboundBackup = null;
        await world.Sandbox.StartAsync("central", "nb");
    }

    private static Task Run(Action fault)
    {
        fault();
        return Task.CompletedTask;
    }

    private static Task Send(ChildProcess process, Signal signal) => Run(() => process.Send(signal));

    private string AnyHost() => World.Hosts[random.Next(World.Hosts.Length)];

    /// <summary>How long a part stays broken: often shorter, sometimes longer than a takeover takes.</summary>
    private Task LastAsync() => Task.Delay(random.Next(3) == 0 ? random.Next(9000) : random.Next(1500));

    private async Task ServerAsync(Func<RelayedServer, Task> fault)
    {
        var server = world.Servers[random.Next(world.Servers.Count)];
        await fault(server);
        await LastAsync();
        await server.RepairAsync();
    }

    private async Task PostgresAsync()
    {
        await world.Postgres.KillAsync();
        await LastAsync();
        await world.Postgres.StartAsync();
    }

    private async Task SandboxAsync(string host, string server)
    {
        await world.Sandbox.KillAsync(host, server);
        await LastAsync();
        await world.Sandbox.StartAsync(host, server);
    }

    private async Task AgentKilledAsync()
    {
        var agent = world.Agents[AnyHost()];
        await agent.KillAsync();
        await LastAsync();
        agent.Start();
    }

    private async Task AgentStoppedAsync()
    {
        var agent = world.Agents[AnyHost()];
        agent.Process.Send(Signal.Pause);
        await LastAsync();
        agent.Process.Send(Signal.Continue);
    }
}
