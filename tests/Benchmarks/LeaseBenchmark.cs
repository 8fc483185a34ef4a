using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Npgsql;
using TestServers;

namespace Benchmarks;

/// <summary>
/// How many tags are given out a second, over HTTP, beside the floor: as many commits of one bare row by as many connections, on the same PostgreSQL, in
/// the same run. Medians of several series; CPU time of each process, because wall time lies on a shared machine.
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
            "                                    a second   p50 ms   floor a second   of the floor   API CPU ms   PostgreSQL CPU ms"
        );
        await run.MeasureAsync("bulk of 100, one VM, 1 client", 1, 40, 100, (vm, _, i) => run.ReserveAsync(vm, i, 100), vms: 1);
        await run.MeasureAsync("single, one VM, 1 client", 1, 300, 1, (vm, _, i) => run.ReserveAsync(vm, i), vms: 1);
        await run.MeasureAsync("single, one VM, 16 clients", 16, 1200, 1, (vm, _, i) => run.ReserveAsync(vm, i), vms: 1);
        await run.MeasureAsync("single, 100 VMs, 16 clients", 16, 2000, 1, (vm, _, i) => run.ReserveAsync(vm, i), Vms);
        await run.MeasureAsync("container, 100 VMs, 1 client", 1, 300, 1, (vm, _, i) => run.PutContainerAsync(vm, i), Vms);
        await run.MeasureAsync("container, 100 VMs, 8 clients", 8, 800, 1, (vm, _, i) => run.PutContainerAsync(vm, i), Vms);
        await run.MeasureAsync("container, one VM, 8 clients", 8, 800, 1, (vm, _, i) => run.PutContainerAsync(vm, i), vms: 1);
        await run.SubnetAsync(26);
        await run.SubnetAsync(8);
    }

    private sealed class Run(NestServer server, Floor floor)
    {
        private int _names;

        /// <summary>A line of the table: so many requests by so many clients, each series on VMs of its own.</summary>
        public async Task MeasureAsync(string name, int clients, int requests, int tagsEach, Func<string, int, int, Task> request, int vms)
        {
            var (rates, medians, floors, api, postgres) = (
                new List<double>(),
                new List<double>(),
                new List<double>(),
                new List<double>(),
                new List<double>()
            );
            for (var series = 0; series < Series; series++)
            {
                var all = await VmsAsync(vms);
                var times = new double[requests];
                var (apiBefore, postgresBefore) = (Cpu.Of(server.Process.Id), Cpu.OfGroup(floor.Postmaster));
                var took = await AtOnceAsync(clients, requests, async (client, i) =>
                {
                    var start = Stopwatch.GetTimestamp();
                    await request(all[i % vms], client, i);
                    times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                });
                var tags = requests * tagsEach;
                rates.Add(tags / took.TotalSeconds);
                medians.Add(Median(times));
                api.Add((Cpu.Of(server.Process.Id) - apiBefore) / tags);
                postgres.Add((Cpu.OfGroup(floor.Postmaster) - postgresBefore) / tags);
                floors.Add(requests / (await floor.CommitAsync(clients, requests)).TotalSeconds);
            }

            var (rate, bare) = (Median(rates), Median(floors));
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name, -34}  {rate, 9:N0}  {Median(medians), 7:0.0}  {bare, 15:N0}  {rate / bare, 13:0.00}  {Median(api), 11:0.00}  {Median(postgres), 18:0.00}"
                )
            );
        }

        /// <summary>What an address costs in a subnet of that size, never-used and freed ones.</summary>
        public async Task SubnetAsync(int length)
        {
            var times = new List<double>();
            for (var series = 0; series < Series; series++)
            {
                var network = $"n{_names++}";
                await PutAsync($"/v1/networks/{network}", new JsonObject { ["subnet"] = $"10.0.0.0/{length}" });
                await PutAsync($"/v1/vms/{network}", new JsonObject { ["network"] = network });
                for (var i = 0; i < 50; i++)
                {
                    var start = Stopwatch.GetTimestamp();
                    await PutContainerAsync(network, i);
                    times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }
            }

            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"container in a subnet of /{length}: p50 {Median(times):0.0} ms")
            );
        }

        public async Task ReserveAsync(string vm, int i, int? count = null)
        {
            var spec = new JsonObject { ["owner"] = $"o{i}", ["count"] = count };
            using var response = await server.Client.PostAsJsonAsync(
                new Uri($"/v1/vms/{vm}/vlan-leases", UriKind.Relative),
                new JsonObject { ["spec"] = spec }
            );
            await CheckAsync(response);
        }

        public Task PutContainerAsync(string vm, int i) => PutAsync($"/v1/vms/{vm}/containers/c{i}", new JsonObject());

        private async Task<string[]> VmsAsync(int count)
        {
            var (network, names) = ($"n{_names++}", new string[count]);
            await PutAsync($"/v1/networks/{network}", new JsonObject { ["subnet"] = "10.0.0.0/8" });
            for (var i = 0; i < count; i++)
            {
                names[i] = $"v{_names++}";
                await PutAsync($"/v1/vms/{names[i]}", new JsonObject { ["network"] = network });
            }

            return names;
        }

        private async Task PutAsync(string path, JsonObject spec)
        {
            using var response = await server.Client.PutAsJsonAsync(new Uri(path, UriKind.Relative), new JsonObject { ["spec"] = spec });
            await CheckAsync(response);
        }

        private static async Task CheckAsync(HttpResponseMessage response)
        {
            if (!response.IsSuccessStatusCode)
            {
                throw new InvalidOperationException(
                    $"{response.RequestMessage?.RequestUri}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}"
                );
            }
        }
    }

    /// <summary>A table of one bare row a commit.</summary>
    private sealed class Floor : IAsyncDisposable
    {
        private readonly NpgsqlDataSource _database;
        private int _rows;

        private Floor(NpgsqlDataSource database, int postmaster) => (_database, Postmaster) = (database, postmaster);

        /// <summary>PostgreSQL's first process, the parent of all others.</summary>
        public int Postmaster { get; }

        public static async Task<Floor> CreateAsync(string database)
        {
            var source = new NpgsqlDataSourceBuilder(
                new NpgsqlConnectionStringBuilder(database) { MaxAutoPrepare = 10, AutoPrepareMinUsages = 1 }.ConnectionString
            ).Build();
            await using var command = source.CreateCommand(
                "CREATE TABLE floor (vm int, tag int, owner text, PRIMARY KEY (vm, tag)); SELECT pg_backend_pid()"
            );
            return new(source, Cpu.Parent((int)(await command.ExecuteScalarAsync())!));
        }

        public async Task<TimeSpan> CommitAsync(int connections, int rows) => await AtOnceAsync(connections, rows, async (_, _) =>
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

    private static async Task<TimeSpan> AtOnceAsync(int clients, int count, Func<int, int, Task> request)
    {
        var (start, next) = (Stopwatch.GetTimestamp(), -1);
        await Task.WhenAll(
            Enumerable
                .Range(0, clients)
                .Select(async client =>
                {
                    for (var i = Interlocked.Increment(ref next); i < count; i = Interlocked.Increment(ref next))
                    {
                        await request(client, i);
                    }
                })
        );
        return Stopwatch.GetElapsedTime(start);
    }

    private static double Median(IEnumerable<double> values) => values.Order().ToList() is var sorted ? sorted[sorted.Count / 2] : 0;

    /// <summary>User and system time in milliseconds (proc_pid_stat(5), in hundredths of a second).</summary>
    private static class Cpu
    {
        public static double Of(int process) => (Field(process, 14) + Field(process, 15)) * 10.0;

        /// <summary>Of a process, its children, and those of them that have ended.</summary>
        public static double OfGroup(int parent) =>
            Of(parent)
            + ((Field(parent, 16) + Field(parent, 17)) * 10.0)
            + Directory
                .GetDirectories("/proc")
                .Select(folder =>
                    int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) && Parent(id) == parent ? Of(id) : 0
                )
                .Sum();

        public static int Parent(int process) => (int)Field(process, 4);

        private static long Field(int process, int number)
        {
            try
            {
                return long.Parse(
                    File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].Split(' ')[number - 3],
                    CultureInfo.InvariantCulture
                );
            }
            catch (IOException)
            {
                return 0; // It has just ended.
            }
        }
    }
}
