using System.Diagnostics;
using System.Text.Json.Nodes;
using Npgsql;
using TestServers;

namespace Benchmarks;

/// <summary>
/// Measures how many VLAN tags the API allocates per second. The floor is the rate of commits of a single row by the same number of
/// connections on the same PostgreSQL server. Prints medians of several series, and CPU time, which depends less than wall time on other
/// load of the machine.
/// </summary>
internal static class LeaseBenchmark
{
    private const int Vms = 100;
    private const int Series = 5;

    public static async Task RunAsync()
    {
        await using var postgres = await PostgresServer.StartNewAsync();
        await using var northbound = await OvsdbServer.StartNewAsync();
        var database = await postgres.CreateDatabaseAsync();
        await using var server = await NestServer.StartAsync(
            new()
            {
                Database = database,
                Northbound = northbound.Endpoint,
                Settings = new Dictionary<string, string> { ["RateLimit__PerSecond"] = "0" },
            }
        );
        await using var floor = await Floor.CreateAsync(database);
        var run = new Run(server, floor);
        Console.WriteLine(
            "                                       tags/s   p50 ms    floor commits/s      tags/floor   API CPU ms   PostgreSQL CPU ms"
        );
        await run.MeasureAsync("lease, 100 a request, 1 VM, 1 client", new(1, 40, 1, 100), (vm, i) => run.ReserveAsync(vm, i, 100));
        await run.MeasureAsync("lease, 1 VM, 1 client", new(1, 300, 1), (vm, i) => run.ReserveAsync(vm, i));
        await run.MeasureAsync("lease, 1 VM, 16 clients", new(16, 1200, 1), (vm, i) => run.ReserveAsync(vm, i));
        await run.MeasureAsync("lease, 100 VMs, 16 clients", new(16, 2000, Vms), (vm, i) => run.ReserveAsync(vm, i));
        await run.MeasureAsync("container, 100 VMs, 1 client", new(1, 300, Vms), run.PutContainerAsync);
        await run.MeasureAsync("container, 100 VMs, 8 clients", new(8, 800, Vms), run.PutContainerAsync);
        await run.MeasureAsync("container, 1 VM, 8 clients", new(8, 800, 1), run.PutContainerAsync);
        await run.SubnetAsync(26);
        await run.SubnetAsync(8);
    }

    /// <summary>The load of a measurement.</summary>
    /// <param name="Clients">The number of concurrent requests.</param>
    /// <param name="Requests">The number of requests per series.</param>
    /// <param name="Vms">The number of VMs over which the requests are spread.</param>
    /// <param name="TagsPerRequest">The number of tags that a request allocates.</param>
    private sealed record Load(int Clients, int Requests, int Vms, int TagsPerRequest = 1);

    private sealed class Run(NestServer server, Floor floor)
    {
        private readonly ApiClient _api = new(server);
        private int _names;

        /// <summary>Measures a load and prints a line of the table. Each series has new VMs.</summary>
        /// <param name="request">Sends the request with the given number for a VM.</param>
        public async Task MeasureAsync(string name, Load load, Func<string, int, Task> request)
        {
            var (rates, medians, floors) = (new List<double>(), new List<double>(), new List<double>());
            var (api, postgres) = (new List<double>(), new List<double>());
            for (var series = 0; series < Series; series++)
            {
                var vms = await CreateVmsAsync(load.Vms);
                var times = new double[load.Requests];
                var (apiBefore, postgresBefore) = (ProcessCpu.Of(server.Process.Id), ProcessCpu.OfTree(floor.Postmaster));
                var took = await InParallelAsync(load.Clients, load.Requests, async i =>
                {
                    var start = Stopwatch.GetTimestamp();
                    await request(vms[i % load.Vms], i);
                    times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                });
                var tags = load.Requests * load.TagsPerRequest;
                rates.Add(tags / took.TotalSeconds);
                medians.Add(Median(times));
                api.Add((ProcessCpu.Of(server.Process.Id) - apiBefore) / tags);
                postgres.Add((ProcessCpu.OfTree(floor.Postmaster) - postgresBefore) / tags);
                floors.Add(load.Requests / (await floor.CommitAsync(load.Clients, load.Requests)).TotalSeconds);
            }

            var (rate, commits) = (Median(rates), Median(floors));
            var speed = $"{rate, 7:N0}  {Median(medians), 7:0.0}  {commits, 17:N0}  {rate / commits, 14:0.00}";
            Console.WriteLine($"{name, -36}  {speed}  {Median(api), 11:0.00}  {Median(postgres), 18:0.00}");
        }

        /// <summary>
        /// Measures the time to create a container, which allocates an address, in a subnet with the given prefix length.
        /// </summary>
        public async Task SubnetAsync(int length)
        {
            var times = new List<double>();
            for (var series = 0; series < Series; series++)
            {
                var network = $"n{_names++}";
                await _api.PutAsync($"/v1/networks/{network}", new JsonObject { ["subnet"] = $"10.0.0.0/{length}" });
                await _api.PutAsync($"/v1/vms/{network}", new JsonObject { ["network"] = network });
                for (var i = 0; i < 50; i++)
                {
                    var start = Stopwatch.GetTimestamp();
                    await PutContainerAsync(network, i);
                    times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }
            }

            Console.WriteLine($"container in a subnet of /{length}: p50 {Median(times):0.0} ms");
        }

        /// <summary>Reserves a lease, or several with one request.</summary>
        public Task ReserveAsync(string vm, int i, int? count = null) =>
            _api.PostAsync($"/v1/vms/{vm}/vlan-leases", new JsonObject { ["owner"] = $"o{i}", ["count"] = count });

        public Task PutContainerAsync(string vm, int i) => _api.PutAsync($"/v1/vms/{vm}/containers/c{i}", []);

        private async Task<string[]> CreateVmsAsync(int count)
        {
            var (network, names) = ($"n{_names++}", new string[count]);
            await _api.PutAsync($"/v1/networks/{network}", new JsonObject { ["subnet"] = "10.0.0.0/8" });
            for (var i = 0; i < count; i++)
            {
                names[i] = $"v{_names++}";
                await _api.PutAsync($"/v1/vms/{names[i]}", new JsonObject { ["network"] = network });
            }

            return names;
        }
    }

    /// <summary>A table into which each commit inserts one row.</summary>
    private sealed class Floor : IAsyncDisposable
    {
        private readonly NpgsqlDataSource _database;
        private int _rows;

        private Floor(NpgsqlDataSource database, int postmaster) => (_database, Postmaster) = (database, postmaster);

        /// <summary>The process id of the postmaster, the parent of all PostgreSQL processes.</summary>
        public int Postmaster { get; }

        public static async Task<Floor> CreateAsync(string database)
        {
            var source = new NpgsqlDataSourceBuilder(
                new NpgsqlConnectionStringBuilder(database) { MaxAutoPrepare = 10, AutoPrepareMinUsages = 1 }.ConnectionString
            ).Build();
            await using var command = source.CreateCommand(
                "CREATE TABLE floor (vm int, tag int, owner text, PRIMARY KEY (vm, tag)); SELECT pg_backend_pid()"
            );
            return new(source, ProcessCpu.ParentOf((int)(await command.ExecuteScalarAsync())!));
        }

        /// <summary>Inserts rows, one per commit. Returns the time for all of them.</summary>
        public Task<TimeSpan> CommitAsync(int connections, int rows) => InParallelAsync(connections, rows, async _ =>
            {
                var row = Interlocked.Increment(ref _rows);
                await using var command = _database.CreateCommand("INSERT INTO floor VALUES ($1, $2, $3)");
                foreach (var value in new object[] { row / 4094, row % 4094, $"o{row}" })
                {
                    command.Parameters.Add(new() { Value = value });
                }

                await command.ExecuteNonQueryAsync();
            });

        public ValueTask DisposeAsync() => _database.DisposeAsync();
    }

    /// <summary>Runs the numbered requests, of which each client runs one at a time. Returns the time for all of them.</summary>
    private static async Task<TimeSpan> InParallelAsync(int clients, int count, Func<int, Task> request)
    {
        var (start, next) = (Stopwatch.GetTimestamp(), -1);
        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => ClientAsync()));
        return Stopwatch.GetElapsedTime(start);

        async Task ClientAsync()
        {
            for (var i = Interlocked.Increment(ref next); i < count; i = Interlocked.Increment(ref next))
            {
                await request(i);
            }
        }
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }
}
