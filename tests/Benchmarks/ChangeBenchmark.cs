using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Ovsdb;
using TestServers;

namespace Benchmarks;

/// <summary>
/// The cost of one change: the time from a PUT's first byte until the row stands in the NB, with 100 and with 10,000 containers on 100 VMs, beside
/// the floor, the same row inserted straight into the same server. Medians of several series; CPU time of each process, because wall time lies on a shared machine.
/// </summary>
internal static class ChangeBenchmark
{
    private const int Vms = 100;
    private const int Networks = 10;
    private const int Series = 5;
    private const int PerSeries = 30;

    public static async Task RunAsync()
    {
        await using var postgres = await PostgresServer.StartNewAsync();
        await using var sandbox = await Sandbox.UpAsync();
        var options = new NestServerOptions { Database = await postgres.CreateDatabaseAsync(), Northbound = sandbox.Northbound };
        await using var server = await NestServer.StartAsync(options);
        await using var nb = new OvsdbClient(
            new OvsdbClientOptions
            {
                Endpoints = OvsdbEndpoint.ParseList(sandbox.Northbound),
                Database = "OVN_Northbound",
                Monitor = [new("Logical_Switch_Port", ["name"]), new("Logical_Switch", ["name"]), new("NB_Global", ["nb_cfg", "sb_cfg"])],
                Indexes =
                [
                    ReplicaIndex.ByColumn("name", "Logical_Switch_Port", "name"),
                    ReplicaIndex.ByColumn("switch", "Logical_Switch", "name"),
                ],
            }
        );
        nb.Start();
        await nb.SyncedAsync(CancellationToken.None);
        var bench = new Run(server, nb);

        for (var n = 0; n < Networks; n++)
        {
            await bench.PutAsync($"/v1/networks/n{n}", new JsonObject { ["subnet"] = $"10.{n}.0.0/16" });
        }

        for (var v = 0; v < Vms; v++)
        {
            await bench.PutAsync($"/v1/vms/v{v}", new JsonObject { ["network"] = $"n{v % Networks}" });
        }

        await bench.FillAsync(1);
        var small = await bench.MeasureAsync("100");
        await bench.FillAsync(100);
        var large = await bench.MeasureAsync("10,000");

        Console.WriteLine();
        Console.WriteLine("containers   PUT to NB p50   p95        floor p50   PUT/floor   API CPU a change");
        foreach (var (name, m) in new[] { ("100", small), ("10,000", large) })
        {
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name, -12} {m.P50, 8:0.0} ms     {m.P95, 6:0.0} ms  {m.Floor, 6:0.00} ms   {m.P50 / m.Floor, 6:0.0}      {m.Cpu, 6:0.0} ms"
                )
            );
        }

        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"ratio of p50, 10,000 to 100: {large.P50 / small.P50:0.00}  (of the floor: {large.Floor / small.Floor:0.00}); API memory {bench.ResidentMebibytes()} MiB"
            )
        );
    }

    private sealed record Measured(double P50, double P95, double Floor, double Cpu);

    private sealed class Run(NestServer server, OvsdbClient nb)
    {
        private int _made;

        public async Task PutAsync(string path, JsonObject spec)
        {
            using var response = await server.Client.PutAsJsonAsync(new Uri(path, UriKind.Relative), new JsonObject { ["spec"] = spec });
            if (!response.IsSuccessStatusCode)
            {
                throw new InvalidOperationException($"{path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
            }
        }

        /// <summary>Fills every VM up to so many containers, by eight clients, and waits until the NB has them all and northd is idle.</summary>
        public async Task FillAsync(int perVm)
        {
            var start = Stopwatch.GetTimestamp();
            var done = 0;
            await Parallel.ForEachAsync(Enumerable.Range(0, Vms), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (vm, _) =>
            {
                for (var c = 0; c < perVm; c++)
                {
                    await PutAsync($"/v1/vms/v{vm}/containers/c{c}", []);
                    if (Interlocked.Increment(ref done) % 1000 == 0)
                    {
                        Console.WriteLine($"  {done} containers after {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s");
                    }
                }
            });
            var put = Stopwatch.GetElapsedTime(start);
            await Eventually.Holds(
                "the NB has them all",
                () => nb.Snapshot.Table("Logical_Switch_Port").Count >= Vms * (perVm + 1),
                TimeSpan.FromMinutes(10)
            );
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Vms * perVm} containers: put in {put.TotalSeconds:0.0} s by 8 clients, in the NB after {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s"
                )
            );
            await SettledAsync();
        }

        public async Task<Measured> MeasureAsync(string name)
        {
            var (p50, p95, floor, cpu) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
            for (var series = 0; series < Series; series++)
            {
                var (times, floors) = (new List<double>(), new List<double>());
                var before = CpuMilliseconds();
                for (var i = 0; i < PerSeries; i++)
                {
                    times.Add(await ChangeAsync());
                }

                cpu.Add((CpuMilliseconds() - before) / PerSeries);
                for (var i = 0; i < PerSeries; i++)
                {
                    floors.Add(await FloorAsync());
                }

                p50.Add(At(times, 0.5));
                p95.Add(At(times, 0.95));
                floor.Add(At(floors, 0.5));
                Console.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"  {name}, series {series + 1}: p50 {p50[^1]:0.0} ms, floor {floor[^1]:0.00} ms"
                    )
                );
            }

            return new(At(p50, 0.5), At(p95, 0.5), At(floor, 0.5), At(cpu, 0.5));
        }

        public long ResidentMebibytes() =>
            File.ReadAllLines($"/proc/{server.Process.Id}/status")
                .Where(l => l.StartsWith("VmRSS:", StringComparison.Ordinal))
                .Select(l => long.Parse(l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024)
                .Single();

        private async Task<double> ChangeAsync()
        {
            var (vm, name) = (_made % Vms, $"m{_made++}");
            var row = $"n{vm % Networks}-v{vm}-{name}";
            await SettledAsync();
            var seen = SeenAsync(row);
            var start = Stopwatch.GetTimestamp();
            await PutAsync($"/v1/vms/v{vm}/containers/{name}", []);
            return (await seen - start) * 1000.0 / Stopwatch.Frequency;
        }

        /// <summary>The same row in the same switch, by one transaction of our own.</summary>
        private async Task<double> FloorAsync()
        {
            var (vm, name) = (_made % Vms, $"floor-{_made++}");
            var (port, network) = (Guid.NewGuid(), nb.Snapshot.ByIndex("switch", $"n{vm % Networks}").Single().Uuid);
            await SettledAsync();
            var seen = SeenAsync(name);
            var start = Stopwatch.GetTimestamp();
            var outcome = await nb.TransactAsync([
                Op.Insert(
                    "Logical_Switch_Port",
                    new Dictionary<string, OvsdbValue>
                    {
                        ["name"] = name,
                        ["parent_name"] = $"n{vm % Networks}-v{vm}",
                        ["tag_request"] = 4000 + (_made % 90),
                        ["addresses"] = "02:00:00:00:00:01 10.200.0.1",
                        ["port_security"] = "02:00:00:00:00:01 10.200.0.1",
                    },
                    port
                ),
                Op.Mutate("Logical_Switch", [Where.Uuid(network)], Mutation.Insert("ports", port)),
            ]);
            return outcome is Committed
                ? (await seen - start) * 1000.0 / Stopwatch.Frequency
                : throw new InvalidOperationException($"{outcome}");
        }

        /// <summary>The time at which our own copy of the NB first has the row.</summary>
        private async Task<long> SeenAsync(string row)
        {
            var seen = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            void Look(ReplicaChange change)
            {
                if (change.Snapshot.ByIndex("name", row).Count > 0)
                {
                    seen.TrySetResult(Stopwatch.GetTimestamp());
                }
            }

            nb.Changed += Look;
            try
            {
                return await seen.Task.WaitAsync(TimeSpan.FromSeconds(60));
            }
            finally
            {
                nb.Changed -= Look;
            }
        }

        /// <summary>northd has digested what went before, so that its work for the last change is not counted as this one's.</summary>
        private async Task SettledAsync()
        {
            var global = nb.Snapshot.Table("NB_Global").Keys.Single();
            await nb.TransactAsync([Op.Mutate("NB_Global", [Where.Uuid(global)], Mutation.Add("nb_cfg", 1))]);
            await Eventually.Holds(
                "northd is idle",
                () => nb.Snapshot.Find("NB_Global", global) is { } row && row["nb_cfg"] == row["sb_cfg"],
                TimeSpan.FromMinutes(5)
            );
        }

        private double CpuMilliseconds()
        {
            var fields = File.ReadAllText($"/proc/{server.Process.Id}/stat").Split(") ")[1].Split(' ');
            return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) * 10.0;
        }

        private static double At(List<double> values, double quantile) => values.Order().ElementAt((int)((values.Count - 1) * quantile));
    }
}
