using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Npgsql;
using TestServers;

namespace Benchmarks;

/// <summary>
/// Measures the creation of many containers with one request. The floor is a COPY of the same number of rows into a copy of the table of
/// containers, with its indexes, in one transaction.
/// </summary>
internal static class ManifestBenchmark
{
    private const string CreateFloor =
        "CREATE TABLE IF NOT EXISTS containers_floor (LIKE containers INCLUDING ALL); TRUNCATE containers_floor";

    public static async Task RunAsync(Installation installation, int containers)
    {
        Console.WriteLine(
            $"one manifest with {containers:N0} containers on {WriteBenchmark.Vms} VMs and networks; CPU in ms per container"
        );
        var (stored, inNorthbound, tagged, cpu) = (new List<double>(), new List<double>(), new List<double>(), new List<ServerCpu>());
        var floors = new List<double>();
        for (var series = 0; series < WriteBenchmark.Series; series++)
        {
            floors.Add(await FloorAsync(installation.Database, containers));
            var prefix = $"m{containers}x{series}";
            await installation.CreateVmsAsync(WriteBenchmark.Vms, WriteBenchmark.Vms, prefix);
            await installation.NorthdIdleAsync();
            var (present, named, before, start) = (
                Requested(installation),
                Tagged(installation),
                installation.Cpu(),
                Stopwatch.GetTimestamp()
            );
            if (!await PostAsync(installation, prefix, containers))
            {
                Console.WriteLine(
                    $"  POST /v1/manifests: not available; floor {floors[0]:0} ms ({containers / floors[0] * 1000:N0} rows/s)"
                );
                return;
            }

            stored.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            await AllAsync("rows are in the NB", () => Requested(installation) >= present + containers);
            inNorthbound.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            await AllAsync("rows have their tag", () => Tagged(installation) >= named + containers);
            tagged.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            await installation.NorthdIdleAsync();
            cpu.Add(installation.Cpu().Since(before, containers));
            Console.WriteLine(
                $"  stored {stored[^1]:0} ms, in NB {inNorthbound[^1]:0} ms, tagged {tagged[^1]:0} ms, floor {floors[^1]:0} ms"
            );
        }

        var (all, floor) = (Cost.Median(inNorthbound), Cost.Median(floors));
        Console.WriteLine($"  median: stored {Cost.Median(stored):0} ms, in NB {all:0} ms, tagged by northd {Cost.Median(tagged):0} ms");
        Console.WriteLine(
            $"  {containers / all * 1000:N0} containers/s in NB; floor {floor:0} ms; stored/floor {Cost.Median(stored) / floor:0.0}"
        );
        Console.WriteLine($"       API  PostgreSQL  NB server  northd\n  {ServerCpu.Median(cpu)}");
    }

    private static int Requested(Installation installation) => installation.Ports.Values.Count(row => !row["tag_request"].IsEmpty);

    private static int Tagged(Installation installation) => installation.Ports.Values.Count(row => !row["tag"].IsEmpty);

    private static Task<TimeSpan> AllAsync(string what, Func<bool> holds) =>
        Eventually.Holds($"all {what}", holds, TimeSpan.FromMinutes(30));

    /// <summary>Sends the manifest. Returns false if the API has no such endpoint.</summary>
    private static async Task<bool> PostAsync(Installation installation, string prefix, int containers)
    {
        var items = Enumerable
            .Range(0, containers)
            .Select(i => new JsonObject
            {
                ["kind"] = "container",
                ["vm"] = $"{prefix}v{i % WriteBenchmark.Vms}",
                ["name"] = $"c{i / WriteBenchmark.Vms}",
                ["spec"] = new JsonObject(),
            });
        var manifest = new JsonObject { ["items"] = new JsonArray([.. items]) };
        using var client = installation.Server.ClientFor(installation.Server.AdminKey);
        client.Timeout = TimeSpan.FromMinutes(30);
        using var response = await client.PostAsJsonAsync(new Uri("/v1/manifests", UriKind.Relative), manifest);
        if (response.StatusCode is HttpStatusCode.NotFound)
        {
            return false;
        }

        return response.IsSuccessStatusCode
            ? true
            : throw new InvalidOperationException($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
    }

    /// <summary>Copies rows of existing containers. Returns the time of the transaction in milliseconds.</summary>
    private static async Task<double> FloorAsync(string database, int rows)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using (var create = new NpgsqlCommand(CreateFloor, connection))
        {
            await create.ExecuteNonQueryAsync();
        }

        using var content = new MemoryStream();
        await using (
            var read = await connection.BeginRawBinaryCopyAsync($"COPY (SELECT * FROM containers LIMIT {rows}) TO STDOUT (FORMAT BINARY)")
        )
        {
            await read.CopyToAsync(content);
        }

        var start = Stopwatch.GetTimestamp();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var write = await connection.BeginRawBinaryCopyAsync("COPY containers_floor FROM STDIN (FORMAT BINARY)"))
        {
            await write.WriteAsync(content.GetBuffer().AsMemory(0, (int)content.Length));
        }

        await transaction.CommitAsync();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
