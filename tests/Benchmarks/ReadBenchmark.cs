using System.Diagnostics;
using TestServers;

namespace Benchmarks;

/// <summary>
/// Measures reads: one container, and a page of 1,000. The floor is <see cref="BareEndpoint"/>, a process that reads the same rows and
/// writes them as JSON, without authentication and conventions.
/// </summary>
internal static class ReadBenchmark
{
    private const int Clients = 4;

    public static async Task RunAsync(Installation installation)
    {
        var bare = ChildProcess.Start("dotnet", [typeof(ReadBenchmark).Assembly.Location, "bare-endpoint", installation.Database]);
        await using (bare)
        {
            var line = await bare.WaitForLineAsync(BareEndpoint.ListensAt);
            var address = new Uri(line[(line.IndexOf(BareEndpoint.ListensAt, StringComparison.Ordinal) + BareEndpoint.ListensAt.Length)..]);
            using var floor = new HttpClient { BaseAddress = address };
            Console.WriteLine($"reads by {Clients} clients; CPU in ms of the API's and the floor's process per request");
            Console.WriteLine("                          requests/s      CPU   floor/s      CPU   requests/floor   CPU/floor");
            var (api, other) = (new Target(installation.Server.Client, installation.Server.Process.Id), new Target(floor, bare.Id));
            await MeasureAsync("one container", 2000, (api, "/v1/vms/v0/containers/c0"), (other, "/one?vm=v0&name=c0"));
            await MeasureAsync("page of 1,000 containers", 50, (api, "/v1/containers?limit=1000"), (other, "/page?limit=1000"));
        }
    }

    private static async Task MeasureAsync(string name, int requests, (Target Target, string Path) api, (Target Target, string Path) floor)
    {
        // Warm-up: compiled code and prepared statements.
        await api.Target.ReadAsync(api.Path, requests);
        await floor.Target.ReadAsync(floor.Path, requests);
        var (apis, floors) = (new List<Rate>(), new List<Rate>());
        for (var series = 0; series < WriteBenchmark.Series; series++)
        {
            apis.Add(await api.Target.ReadAsync(api.Path, requests));
            floors.Add(await floor.Target.ReadAsync(floor.Path, requests));
        }

        var (a, f) = (Rate.Median(apis), Rate.Median(floors));
        var ratios = $"{a.PerSecond / f.PerSecond, 16:0.00} {a.Cpu / f.Cpu, 11:0.0}";
        Console.WriteLine($"  {name, -24} {a.PerSecond, 9:N0} {a.Cpu, 8:0.00} {f.PerSecond, 9:N0} {f.Cpu, 8:0.00} {ratios}");
    }

    /// <param name="PerSecond">Requests per second.</param>
    /// <param name="Cpu">CPU time of the server's process per request in milliseconds.</param>
    private readonly record struct Rate(double PerSecond, double Cpu)
    {
        public static Rate Median(IReadOnlyList<Rate> rates) =>
            new(Cost.Median(rates.Select(r => r.PerSecond)), Cost.Median(rates.Select(r => r.Cpu)));
    }

    private sealed class Target(HttpClient client, int process)
    {
        public async Task<Rate> ReadAsync(string path, int requests)
        {
            var (before, start) = (ProcessCpu.Of(process), Stopwatch.GetTimestamp());
            await Parallel.ForEachAsync(
                Enumerable.Range(0, requests),
                new ParallelOptions { MaxDegreeOfParallelism = Clients },
                async (_, token) => await client.GetByteArrayAsync(new Uri(path, UriKind.Relative), token)
            );
            return new(requests / Stopwatch.GetElapsedTime(start).TotalSeconds, (ProcessCpu.Of(process) - before) / requests);
        }
    }
}
