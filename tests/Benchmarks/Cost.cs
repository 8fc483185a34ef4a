using System.Diagnostics;
using System.Globalization;

namespace Benchmarks;

/// <summary>The measured cost of a piece of work.</summary>
/// <param name="Wall">Elapsed time.</param>
/// <param name="Client">User and system time of this process.</param>
/// <param name="Server">User and system time of the server process.</param>
/// <param name="Allocated">Bytes that this process has allocated on the managed heap.</param>
internal readonly record struct Cost(TimeSpan Wall, TimeSpan Client, TimeSpan Server, long Allocated)
{
    /// <summary>Runs the work and measures it.</summary>
    public static async Task<Cost> MeasureAsync(int serverProcess, Func<Task> work)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        var (allocated, client, server, start) = (
            GC.GetTotalAllocatedBytes(precise: true),
            Environment.CpuUsage.TotalTime,
            CpuOf(serverProcess),
            Stopwatch.GetTimestamp()
        );
        await work();
        return new(
            Stopwatch.GetElapsedTime(start),
            Environment.CpuUsage.TotalTime - client,
            CpuOf(serverProcess) - server,
            GC.GetTotalAllocatedBytes(precise: true) - allocated
        );
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    // schedstat has nanoseconds; stat has only hundredths of a second.
    private static TimeSpan CpuOf(int process) =>
        TimeSpan.FromTicks(
            Directory
                .EnumerateDirectories($"/proc/{process}/task")
                .Sum(thread => long.Parse(File.ReadAllText($"{thread}/schedstat").Split(' ')[0], CultureInfo.InvariantCulture)) / 100
        );
}
