using System.Diagnostics;
using Ovsdb;

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
        await using var installation = await Installation.StartAsync();
        var run = new Run(installation);

        await installation.CreateVmsAsync(Vms, Networks);
        await installation.FillAsync(Vms, 0, 1);
        var small = await run.MeasureAsync("100");
        await installation.FillAsync(Vms, 1, 100);
        var large = await run.MeasureAsync("10,000");

        Console.WriteLine();
        Console.WriteLine("containers   PUT to NB p50   p95        floor p50   PUT/floor   API CPU per change");
        foreach (var (name, m) in new[] { ("100", small), ("10,000", large) })
        {
            var times = $"{m.P50, 8:0.0} ms     {m.P95, 6:0.0} ms  {m.Floor, 6:0.00} ms";
            Console.WriteLine($"{name, -12} {times}   {m.P50 / m.Floor, 6:0.0}      {m.Cpu, 6:0.0} ms");
        }

        Console.WriteLine($"p50 with 10,000 / p50 with 100: {large.P50 / small.P50:0.00} (floor: {large.Floor / small.Floor:0.00})");
        Console.WriteLine($"API memory: {installation.ResidentMebibytes()} MiB");
        Installation.PrintLoad();
    }

    /// <summary>Results in milliseconds.</summary>
    /// <param name="Floor">The median time of a single OVSDB transaction.</param>
    /// <param name="Cpu">The CPU time of the API per change.</param>
    private sealed record Measurement(double P50, double P95, double Floor, double Cpu);

    private sealed class Run(Installation installation)
    {
        private readonly OvsdbClient _northbound = installation.Northbound;
        private int _created;

        public async Task<Measurement> MeasureAsync(string name)
        {
            var (p50, p95, floor, cpu) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
            for (var series = 0; series < Series; series++)
            {
                var (times, floors) = (new List<double>(), new List<double>());
                var before = installation.Cpu().Api;
                for (var i = 0; i < ChangesPerSeries; i++)
                {
                    times.Add(await ChangeAsync());
                }

                cpu.Add((installation.Cpu().Api - before) / ChangesPerSeries);
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

        /// <summary>Creates a container through the API. Returns the time in milliseconds until its row is visible.</summary>
        private async Task<double> ChangeAsync()
        {
            var (vm, name) = (_created % Vms, $"m{_created++}");
            var port = $"n{vm % Networks}-v{vm}-{name}";
            await installation.NorthdIdleAsync();
            var visible = VisibleAsync(port);
            var start = Stopwatch.GetTimestamp();
            await installation.Api.PutAsync($"/v1/vms/v{vm}/containers/{name}", []);
            return (await visible - start) * 1000.0 / Stopwatch.Frequency;
        }

        /// <summary>Inserts the same row with a single transaction. Returns the time in milliseconds until it is visible.</summary>
        private async Task<double> FloorAsync()
        {
            var (vm, name) = (_created % Vms, $"floor-{_created++}");
            var (port, network) = (Guid.NewGuid(), _northbound.Snapshot.ByIndex("switch", $"n{vm % Networks}").Single().Uuid);
            await installation.NorthdIdleAsync();
            var visible = VisibleAsync(name);
            var start = Stopwatch.GetTimestamp();
            var outcome = await _northbound.TransactAsync([
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

            _northbound.Changed += Check;
            try
            {
                return await visible.Task.WaitAsync(TimeSpan.FromSeconds(60));
            }
            finally
            {
                _northbound.Changed -= Check;
            }
        }

        private static double Quantile(List<double> values, double quantile) =>
            values.Order().ElementAt((int)((values.Count - 1) * quantile));
    }
}
