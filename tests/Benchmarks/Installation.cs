using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Npgsql;
using Ovsdb;
using TestServers;

namespace Benchmarks;

/// <summary>PostgreSQL, OVN central and a process of the API for one benchmark, and a replica of the northbound database.</summary>
internal sealed class Installation : IAsyncDisposable
{
    private readonly PostgresServer _postgres;
    private readonly Sandbox _sandbox;
    private int _postmaster;

    private Installation(PostgresServer postgres, Sandbox sandbox, NestServer server, string database)
    {
        (_postgres, _sandbox, Server, Database) = (postgres, sandbox, server, database);
        Northbound = CreateClient(sandbox.Northbound);
        Api = new(server);
    }

    /// <summary>The process of the API.</summary>
    public NestServer Server { get; }

    /// <summary>Sends requests to the API.</summary>
    public ApiClient Api { get; }

    /// <summary>The connection string of the API's database.</summary>
    public string Database { get; }

    /// <summary>A replica of the northbound database in this process.</summary>
    public OvsdbClient Northbound { get; }

    /// <summary>The rows of the logical switch ports.</summary>
    public IReadOnlyDictionary<Guid, Row> Ports => Northbound.Snapshot.Table(NestedPort.Table);

    /// <summary>Starts all servers. The rate limit of the API is off.</summary>
    public static async Task<Installation> StartAsync()
    {
        var postgres = await PostgresServer.StartNewAsync();
        var sandbox = await Sandbox.UpAsync();
        var database = await postgres.CreateDatabaseAsync();
        var options = new NestServerOptions
        {
            Database = database,
            Northbound = sandbox.Northbound,
            Settings = new Dictionary<string, string> { ["RateLimit__PerSecond"] = "0" },
        };
        var installation = new Installation(postgres, sandbox, await NestServer.StartAsync(options), database);
        installation.Northbound.Start();
        await installation.Northbound.SyncedAsync(CancellationToken.None);
        installation._postmaster = await PostmasterAsync(database);
        return installation;
    }

    /// <summary>Creates VMs and networks; VM number i is in network number i modulo the number of networks.</summary>
    /// <param name="prefix">Prefix of the names: <c>{prefix}v0</c>, <c>{prefix}n0</c>.</param>
    public async Task CreateVmsAsync(int vms, int networks, string prefix = "")
    {
        for (var n = 0; n < networks; n++)
        {
            await Api.PutAsync($"/v1/networks/{prefix}n{n}", new JsonObject { ["subnet"] = $"10.{n}.0.0/16" });
        }

        for (var v = 0; v < vms; v++)
        {
            await Api.PutAsync($"/v1/vms/{prefix}v{v}", new JsonObject { ["network"] = $"{prefix}n{v % networks}" });
        }
    }

    /// <summary>
    /// Creates containers <c>c{first}</c> to <c>c{until - 1}</c> on each VM with eight clients. Waits until the northbound database has all
    /// rows and ovn-northd is idle.
    /// </summary>
    public async Task FillAsync(int vms, int first, int until)
    {
        var (start, done, present) = (Stopwatch.GetTimestamp(), 0, Ports.Count);
        await Parallel.ForEachAsync(Enumerable.Range(0, vms), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (vm, _) =>
        {
            for (var c = first; c < until; c++)
            {
                await Api.PutAsync($"/v1/vms/v{vm}/containers/c{c}", []);
                if (Interlocked.Increment(ref done) % 1000 == 0)
                {
                    Console.WriteLine($"  {done} containers after {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s");
                }
            }
        });
        var put = Stopwatch.GetElapsedTime(start);
        await Eventually.Holds("the northbound database has all rows", () => Ports.Count >= present + done, TimeSpan.FromMinutes(30));
        var visible = Stopwatch.GetElapsedTime(start);
        Console.WriteLine($"{done} containers: PUT by 8 clients in {put.TotalSeconds:0.0} s, in NB after {visible.TotalSeconds:0.0} s");
        await NorthdIdleAsync();
    }

    /// <summary>
    /// Waits until ovn-northd has processed all previous changes, so that its work for them does not slow down the next measurement.
    /// </summary>
    public async Task NorthdIdleAsync()
    {
        var global = Northbound.Snapshot.Table("NB_Global").Keys.Single();
        await Northbound.TransactAsync([Op.Mutate("NB_Global", [Where.Uuid(global)], Mutation.Add("nb_cfg", 1))]);
        await Eventually.Holds(
            "ovn-northd is idle",
            () => Northbound.Snapshot.Find("NB_Global", global) is { } row && row["nb_cfg"] == row["sb_cfg"],
            TimeSpan.FromMinutes(10)
        );
    }

    /// <summary>Reads the CPU time that each program has used so far.</summary>
    public ServerCpu Cpu() =>
        new(
            ProcessCpu.Of(Server.Process.Id),
            ProcessCpu.OfTree(_postmaster),
            ProcessCpu.Of(PidOf("ovnnb_db")),
            ProcessCpu.Of(PidOf("ovn-northd"))
        );

    /// <summary>The memory of the API's process that is in RAM (VmRSS, proc_pid_status(5)).</summary>
    public long ResidentMebibytes() =>
        File.ReadAllLines($"/proc/{Server.Process.Id}/status")
            .Where(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
            .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024)
            .Single();

    /// <summary>Prints the load of the machine, because other processes lengthen wall times.</summary>
    public static void PrintLoad() =>
        Console.WriteLine($"machine: {Environment.ProcessorCount} cores, load {File.ReadAllText("/proc/loadavg").Trim()}");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Northbound.DisposeAsync();
        await Server.DisposeAsync();
        await _sandbox.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    private static OvsdbClient CreateClient(string endpoint) =>
        new(
            new OvsdbClientOptions
            {
                Endpoints = OvsdbEndpoint.ParseList(endpoint),
                Database = NestedPort.Database,
                Monitor =
                [
                    new(NestedPort.Table, ["name", "tag", "tag_request"]),
                    new(NestedPort.Switch, ["name"]),
                    new("NB_Global", ["nb_cfg", "sb_cfg"]),
                ],
                Indexes =
                [
                    ReplicaIndex.ByColumn("name", NestedPort.Table, "name"),
                    ReplicaIndex.ByColumn("switch", NestedPort.Switch, "name"),
                ],
            }
        );

    private static async Task<int> PostmasterAsync(string database)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand("SELECT pg_backend_pid()");
        return ProcessCpu.ParentOf(Convert.ToInt32(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture));
    }

    private int PidOf(string server) =>
        int.Parse(File.ReadAllText(Path.Combine(_sandbox.Folder, "central", $"{server}.pid")), CultureInfo.InvariantCulture);
}

/// <summary>CPU time of each program, user and system, in milliseconds.</summary>
internal readonly record struct ServerCpu(double Api, double Postgres, double Ovsdb, double Northd)
{
    /// <summary>Returns the difference from an earlier reading, divided by a number of changes.</summary>
    public ServerCpu Since(ServerCpu before, int changes) =>
        new(
            (Api - before.Api) / changes,
            (Postgres - before.Postgres) / changes,
            (Ovsdb - before.Ovsdb) / changes,
            (Northd - before.Northd) / changes
        );

    /// <summary>Returns the median of each program.</summary>
    public static ServerCpu Median(IReadOnlyList<ServerCpu> runs) =>
        new(
            Cost.Median(runs.Select(r => r.Api)),
            Cost.Median(runs.Select(r => r.Postgres)),
            Cost.Median(runs.Select(r => r.Ovsdb)),
            Cost.Median(runs.Select(r => r.Northd))
        );

    /// <inheritdoc/>
    public override string ToString() => $"{Api, 8:0.00} {Postgres, 8:0.00} {Ovsdb, 8:0.00} {Northd, 8:0.00}";
}
