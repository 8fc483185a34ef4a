using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Ovsdb;
using TestServers;

namespace Benchmarks;

/// <summary>
/// Measures the time from the start of a PUT of a container until its row is in the northbound database, with 100 and with 10,000
/// containers on 100 VMs. The floor is the time of the same insert as a single OVSDB transaction to the same server. Prints medians of
/// several series, and CPU time, which depends less than wall time on other load of the machine.
/// </summary>
internal static class ChangeBenchmark
{
    private const int Vms = 100;
    private const int Networks = 10;
    private const int Series = 5;
    private const int ChangesPerSeries = 30;

    public static async Task RunAsync()
    {
        await using var postgres = await PostgresServer.StartNewAsync();
        await using var sandbox = await Sandbox.UpAsync();
        var options = new NestServerOptions { Database = await postgres.CreateDatabaseAsync(), Northbound = sandbox.Northbound };
        await using var server = await NestServer.StartAsync(options);
        await using var northbound = CreateClient(sandbox.Northbound);
        northbound.Start();
        await northbound.SyncedAsync(CancellationToken.None);
        var run = new Run(server, northbound);

        await run.CreateVmsAsync();
        await run.FillAsync(1);
        var small = await run.MeasureAsync("100");
        await run.FillAsync(100);
        var large = await run.MeasureAsync("10,000");

        Console.WriteLine();
        Console.WriteLine("containers   PUT to NB p50   p95        floor p50   PUT/floor   API CPU per change");
        foreach (var (name, m) in new[] { ("100", small), ("10,000", large) })
        {
            var times = $"{m.P50, 8:0.0} ms     {m.P95, 6:0.0} ms  {m.Floor, 6:0.00} ms";
            Console.WriteLine($"{name, -12} {times}   {m.P50 / m.Floor, 6:0.0}      {m.Cpu, 6:0.0} ms");
        }

        Console.WriteLine($"p50 with 10,000 / p50 with 100: {large.P50 / small.P50:0.00} (floor: {large.Floor / small.Floor:0.00})");
        Console.WriteLine($"API memory: {run.ResidentMebibytes()} MiB");
    }

    private static OvsdbClient CreateClient(string endpoint) =>
        new(
            new OvsdbClientOptions
            {
                Endpoints = OvsdbEndpoint.ParseList(endpoint),
                Database = "OVN_Northbound",
                Monitor = [new("Logical_Switch_Port", ["name"]), new("Logical_Switch", ["name"]), new("NB_Global", ["nb_cfg", "sb_cfg"])],
                Indexes =
                [
                    ReplicaIndex.ByColumn("name", "Logical_Switch_Port", "name"),
                    ReplicaIndex.ByColumn("switch", "Logical_Switch", "name"),
                ],
            }
        );

    /// <summary>Results in milliseconds.</summary>
    /// <param name="Floor">The median time of a single OVSDB transaction.</param>
    /// <param name="Cpu">The CPU time of the API per change.</param>
    private sealed record Measurement(double P50, double P95, double Floor, double Cpu);

    private sealed class Run(NestServer server, OvsdbClient northbound)
    {
        private readonly ApiClient _api = new(server);
        private int _created;

        public async Task CreateVmsAsync()
        {
            for (var n = 0; n < Networks; n++)
            {
                await _api.PutAsync($"/v1/networks/n{n}", new JsonObject { ["subnet"] = $"10.{n}.0.0/16" });
            }

            for (var v = 0; v < Vms; v++)
            {
                await _api.PutAsync($"/v1/vms/v{v}", new JsonObject { ["network"] = $"n{v % Networks}" });
            }
        }

        /// <summary>
        /// Creates containers with eight clients until every VM has the given number. Waits until the northbound database has all rows and
        /// ovn-northd is idle.
        /// </summary>
        public async Task FillAsync(int perVm)
        {
            var start = Stopwatch.GetTimestamp();
            var done = 0;
            await Parallel.ForEachAsync(Enumerable.Range(0, Vms), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (vm, _) =>
            {
                for (var c = 0; c < perVm; c++)
                {
                    await _api.PutAsync($"/v1/vms/v{vm}/containers/c{c}", []);
                    if (Interlocked.Increment(ref done) % 1000 == 0)
                    {
                        Console.WriteLine($"  {done} containers after {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s");
                    }
                }
            });
            var put = Stopwatch.GetElapsedTime(start);
            await Eventually.Holds(
                "the northbound database has all rows",
                () => northbound.Snapshot.Table("Logical_Switch_Port").Count >= Vms * (perVm + 1),
                TimeSpan.FromMinutes(10)
            );
            var visible = Stopwatch.GetElapsedTime(start);
            Console.WriteLine(
                $"{Vms * perVm} containers: PUT by 8 clients in {put.TotalSeconds:0.0} s, in NB after {visible.TotalSeconds:0.0} s"
            );
            await NorthdIdleAsync();
        }

        public async Task<Measurement> MeasureAsync(string name)
        {
            var (p50, p95, floor, cpu) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
            for (var series = 0; series < Series; series++)
            {
                var (times, floors) = (new List<double>(), new List<double>());
                var before = ProcessCpu.Of(server.Process.Id);
                for (var i = 0; i < ChangesPerSeries; i++)
                {
                    times.Add(await ChangeAsync());
                }

                cpu.Add((ProcessCpu.Of(server.Process.Id) - before) / ChangesPerSeries);
                for (var i = 0; i < ChangesPerSeries; i++)
                {
                    floors.Add(await FloorAsync());
                }

                p50.Add(Quantile(times, 0.5));
                p95.Add(Quantile(times, 0.95));
                floor.Add(Quantile(floors, 0.5));
                Console.WriteLine($"  {name}, series {series + 1}: p50 {p50[^1]:0.0} ms, floor {floor[^1]:0.00} ms");
            }

            return new(Quantile(p50, 0.5), Quantile(p95, 0.5), Quantile(floor, 0.5), Quantile(cpu, 0.5));
        }

        public long ResidentMebibytes() =>
            File.ReadAllLines($"/proc/{server.Process.Id}/status")
                .Where(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
                .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024)
                .Single();

        /// <summary>Creates a container through the API. Returns the time in milliseconds until its row is visible.</summary>
        private async Task<double> ChangeAsync()
        {
            var (vm, name) = (_created % Vms, $"m{_created++}");
            var port = $"n{vm % Networks}-v{vm}-{name}";
            await NorthdIdleAsync();
            var visible = VisibleAsync(port);
            var start = Stopwatch.GetTimestamp();
            await _api.PutAsync($"/v1/vms/v{vm}/containers/{name}", []);
            return (await visible - start) * 1000.0 / Stopwatch.Frequency;
        }

        /// <summary>Inserts the same row with a single transaction. Returns the time in milliseconds until it is visible.</summary>
        private async Task<double> FloorAsync()
        {
            var (vm, name) = (_created % Vms, $"floor-{_created++}");
            var (port, network) = (Guid.NewGuid(), northbound.Snapshot.ByIndex("switch", $"n{vm % Networks}").Single().Uuid);
            await NorthdIdleAsync();
            var visible = VisibleAsync(name);
            var start = Stopwatch.GetTimestamp();
            var outcome = await northbound.TransactAsync([
                Op.Insert(
                    "Logical_Switch_Port",
                    new Dictionary<string, OvsdbValue>
                    {
                        ["name"] = name,
                        ["parent_name"] = $"n{vm % Networks}-v{vm}",
                        ["tag_request"] = 4000 + (_created % 90),
                        ["addresses"] = "02:00:00:00:00:01 10.200.0.1",
                        ["port_security"] = "02:00:00:00:00:01 10.200.0.1",
                    },
                    port
                ),
                Op.Mutate("Logical_Switch", [Where.Uuid(network)], Mutation.Insert("ports", port)),
            ]);
            return outcome is Committed
                ? (await visible - start) * 1000.0 / Stopwatch.Frequency
                : throw new InvalidOperationException($"{outcome}");
        }

        /// <summary>Returns the timestamp at which this process's replica of the northbound database first has the port.</summary>
        private async Task<long> VisibleAsync(string port)
        {
            var visible = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            void Check(ReplicaChange change)
            {
                if (change.Snapshot.ByIndex("name", port).Count > 0)
                {
                    visible.TrySetResult(Stopwatch.GetTimestamp());
                }
            }

            northbound.Changed += Check;
            try
            {
                return await visible.Task.WaitAsync(TimeSpan.FromSeconds(60));
            }
            finally
            {
                northbound.Changed -= Check;
            }
        }

        /// <summary>
        /// Waits until ovn-northd has processed all previous changes, so that its work for them does not slow down the next one.
        /// </summary>
        private async Task NorthdIdleAsync()
        {
            var global = northbound.Snapshot.Table("NB_Global").Keys.Single();
            await northbound.TransactAsync([Op.Mutate("NB_Global", [Where.Uuid(global)], Mutation.Add("nb_cfg", 1))]);
            await Eventually.Holds(
                "ovn-northd is idle",
                () => northbound.Snapshot.Find("NB_Global", global) is { } row && row["nb_cfg"] == row["sb_cfg"],
                TimeSpan.FromMinutes(5)
            );
        }

        private static double Quantile(List<double> values, double quantile) =>
            values.Order().ElementAt((int)((values.Count - 1) * quantile));
    }
}
