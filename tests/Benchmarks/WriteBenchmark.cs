using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Ovsdb;
using TestServers;

namespace Benchmarks;

/// <summary>
/// Measures writes and reads through the API: single PUTs of one client, many containers in one request, and reads, each beside its floor
/// in the same run. Prints medians of several series, and CPU time, which depends less than wall time on other load of the machine.
/// </summary>
internal static class WriteBenchmark
{
    /// <summary>Number of VMs and of networks.</summary>
    public const int Vms = 100;

    /// <summary>Number of runs of each measurement.</summary>
    public const int Series = 5;

    private const int PutsPerSeries = 200;

    /// <param name="most">The largest number of containers present.</param>
    public static async Task RunAsync(int most)
    {
        await using var installation = await Installation.StartAsync();
        await installation.CreateVmsAsync(Vms, Vms);
        var (puts, present) = (new Puts(installation), 0);
        Installation.PrintLoad();
        Console.WriteLine("single PUTs of one client; CPU in ms per change");
        foreach (var containers in new[] { 100, 10_000, 100_000 }.Where(n => n <= most))
        {
            await installation.FillAsync(Vms, present, containers / Vms);
            present = containers / Vms;
            await puts.MeasureAsync(containers);
        }

        Installation.PrintLoad();
        await ReadBenchmark.RunAsync(installation);
        Installation.PrintLoad();
        foreach (var containers in new[] { 1000, 10_000, 100_000 }.Where(n => n <= most))
        {
            await ManifestBenchmark.RunAsync(installation, containers);
        }

        Installation.PrintLoad();
    }

    private sealed class Puts(Installation installation)
    {
        private readonly ConcurrentDictionary<string, long> _visible = new();
        private int _created;

        /// <summary>Measures several series and prints a line of figures for each, and one of their medians.</summary>
        public async Task MeasureAsync(int present)
        {
            Console.WriteLine("  present   PUT/s   answered p50   in NB p50      API  PostgreSQL  NB server  northd");
            installation.Northbound.Changed += Record;
            var series = new List<Measurement>();
            for (var i = 0; i < Series; i++)
            {
                series.Add(await SeriesAsync());
                Print($"{present, 9:N0}", series[^1]);
            }

            installation.Northbound.Changed -= Record;
            Print(
                "   median",
                new(
                    Cost.Median(series.Select(s => s.Rate)),
                    Cost.Median(series.Select(s => s.Answered)),
                    Cost.Median(series.Select(s => s.InNorthbound)),
                    ServerCpu.Median([.. series.Select(s => s.Cpu)])
                )
            );
        }

        private async Task<Measurement> SeriesAsync()
        {
            await installation.NorthdIdleAsync();
            _visible.Clear();
            var (before, answered, sent) = (installation.Cpu(), new List<double>(), new Dictionary<string, long>());
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < PutsPerSeries; i++)
            {
                var (vm, name) = (_created % Vms, string.Create(CultureInfo.InvariantCulture, $"w{_created++}"));
                var at = sent[$"n{vm}-v{vm}-{name}"] = Stopwatch.GetTimestamp();
                await installation.Api.PutAsync($"/v1/vms/v{vm}/containers/{name}", []);
                answered.Add(Stopwatch.GetElapsedTime(at).TotalMilliseconds);
            }

            var rate = PutsPerSeries / Stopwatch.GetElapsedTime(start).TotalSeconds;
            await Eventually.Holds("all rows are in the NB", () => sent.Keys.All(_visible.ContainsKey), TimeSpan.FromMinutes(5));
            await installation.NorthdIdleAsync();
            return new(
                rate,
                Cost.Median(answered),
                Cost.Median(sent.Select(put => Stopwatch.GetElapsedTime(put.Value, _visible[put.Key]).TotalMilliseconds)),
                installation.Cpu().Since(before, PutsPerSeries)
            );
        }

        /// <summary>Records when this process's replica of the northbound database has a port first.</summary>
        private void Record(ReplicaChange change)
        {
            var now = Stopwatch.GetTimestamp();
            foreach (var row in change.Rows.Where(row => row is { Table: NestedPort.Table, Before: null, After: not null }))
            {
                _visible.TryAdd(row.After?["name"].AsString() ?? "", now);
            }
        }

        private static void Print(string name, Measurement m) =>
            Console.WriteLine($"{name} {m.Rate, 7:0}   {m.Answered, 9:0.0} ms {m.InNorthbound, 8:0.0} ms {m.Cpu}");
    }

    /// <param name="Rate">PUTs per second.</param>
    /// <param name="Answered">Median time from a request to its answer in milliseconds.</param>
    /// <param name="InNorthbound">Median time from a request to the row in the northbound database in milliseconds.</param>
    /// <param name="Cpu">CPU time per change.</param>
    private readonly record struct Measurement(double Rate, double Answered, double InNorthbound, ServerCpu Cpu);
}
