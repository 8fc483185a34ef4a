using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Ovsdb;
using TestServers;

namespace Benchmarks;

/// <summary>The first load of a large table: read and counted by the floor, and by the library made into a copy with three indexes, each in a process of its own.</summary>
internal sealed class DumpBenchmark(OvsdbServer server, OvsdbClient client)
{
    private const int Ports = 100_000;
    private const int Reloaded = 10_000;
    private const int Runs = 5;

    public async Task PrintAsync()
    {
        await PrintReloadAsync();
        await FillAsync(Ports);
        var (floors, copies) = (new List<JsonNode>(), new List<JsonNode>());
        for (var run = 0; run < Runs; run++)
        {
            floors.Add(await ChildAsync("raw"));
            copies.Add(await ChildAsync("copy"));
        }

        var (floor, copy) = (Medians(floors), Medians(copies));
        Console.WriteLine();
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"first load of {Ports} ports, {floor("message") / 1e6:0.0} MB in one message, into a copy with three indexes; {Runs} runs in processes of their own, medians"
            )
        );
        Console.WriteLine("                                        floor   library  bar");
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"CPU of the whole client process, s      {floor("cpu"), 5:0.00}     {copy("cpu"), 5:0.00}  ≤ 2.00"
            )
        );
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"CPU of a second load in it, s                     {copy("warmCpu"), 5:0.00}")
        );
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"from request to copy, s                 {floor("wall"), 5:0.00}     {copy("wall"), 5:0.00}"
            )
        );
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"peak of memory above its start, messages          {copy("peak") / floor("message"), 5:0.0}  ≤ 6.0"
            )
        );
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"the copy itself afterwards, messages              {copy("kept") / floor("message"), 5:0.0}"
            )
        );
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"allocated a row, B                                {copy("allocated") / Ports, 5:0}"
            )
        );
    }

    /// <summary>In the child process: one load, and its figures on a line of standard output.</summary>
    public static async Task LoadAsync(string how, string endpoint) =>
        Console.WriteLine(how == "raw" ? LoadRaw(endpoint) : await LoadCopyAsync(endpoint));

    private static JsonObject LoadRaw(string endpoint)
    {
        using var raw = new RawSocket(endpoint["unix:".Length..]);
        var requests = NestedPort.Tables.Select(table =>
            $$"""
                "{{table.Table}}":[{"columns":["{{string.Join("\",\"", table.Columns)}}"]}]
                """
        );
        var start = Stopwatch.GetTimestamp();
        raw.Send(
            Encoding.UTF8.GetBytes(
                $$"""{"method":"monitor_cond_since","params":["{{NestedPort.Database}}","m",{{{string.Join(',', requests)}}},"{{Guid.Empty}}"],"id":1}"""
            )
        );
        raw.Receive();
        return new()
        {
            ["message"] = raw.Received,
            ["wall"] = Stopwatch.GetElapsedTime(start).TotalSeconds,
            ["cpu"] = Environment.CpuUsage.TotalTime.TotalSeconds,
        };
    }

    private static async Task<JsonObject> LoadCopyAsync(string endpoint)
    {
        await using (var connection = await OvsdbConnection.ConnectAsync(OvsdbEndpoint.Parse(endpoint), new(), CancellationToken.None))
        {
            await connection.GetSchemaAsync(NestedPort.Database, CancellationToken.None);
        }

        var (resident, allocated, start) = (Status("VmRSS"), GC.GetTotalAllocatedBytes(precise: true), Stopwatch.GetTimestamp());
        await using var client = Copy(endpoint);
        await client.SyncedAsync(CancellationToken.None);
        var figures = new JsonObject
        {
            ["wall"] = Stopwatch.GetElapsedTime(start).TotalSeconds,
            ["cpu"] = Environment.CpuUsage.TotalTime.TotalSeconds,
            ["peak"] = Status("VmHWM") - resident,
            ["allocated"] = GC.GetTotalAllocatedBytes(precise: true) - allocated,
        };
        if (client.Snapshot.IndexKeys("tag").Count() != Ports || client.Snapshot.IndexKeys("owner").Count() != Ports)
        {
            throw new InvalidOperationException("The copy is not complete.");
        }

        figures["kept"] = GC.GetTotalMemory(forceFullCollection: true);
        var before = Environment.CpuUsage.TotalTime;
        await using var second = Copy(endpoint);
        await second.SyncedAsync(CancellationToken.None);
        figures["warmCpu"] = (Environment.CpuUsage.TotalTime - before).TotalSeconds;
        GC.KeepAlive(client);
        return figures;
    }

    private static OvsdbClient Copy(string endpoint)
    {
        var client = new OvsdbClient(
            new OvsdbClientOptions
            {
                Endpoints = OvsdbEndpoint.ParseList(endpoint),
                Database = NestedPort.Database,
                Monitor = NestedPort.Tables,
                Indexes = NestedPort.Indexes,
            }
        );
        client.Start();
        return client;
    }

    private async Task PrintReloadAsync()
    {
        await FillAsync(Reloaded);
        await using var copy = Copy(server.Endpoint);
        await copy.SyncedAsync(CancellationToken.None);
        var told = new TaskCompletionSource<ReplicaChange>(TaskCreationOptions.RunContinuationsAsynchronously);
        copy.Changed += change =>
        {
            if (change.Snapshot.Generation > 1)
            {
                told.TrySetResult(change);
            }
        };
        await server.KillAsync();
        await server.StartAsync();
        var start = Stopwatch.GetTimestamp();
        var rows = (await told.Task).Rows.Count;
        Console.WriteLine();
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{copy.Snapshot.Table(NestedPort.Table).Count} unchanged ports loaded again {Stopwatch.GetElapsedTime(start).TotalSeconds:0.00} s after the server's restart: {rows} change notifications (bar: 0)"
            )
        );
    }

    private async Task FillAsync(int count)
    {
        await client.SyncedAsync(CancellationToken.None);
        await client.TransactAsync([Op.Delete(NestedPort.Switch, [])]);
        var dhcp = Guid.NewGuid();
        await client.TransactAsync([Op.Insert(NestedPort.DhcpTable, new Dictionary<string, OvsdbValue> { ["cidr"] = "10.0.0.0/8" }, dhcp)]);
        foreach (var (i, ports) in NestedPort.Make(count, dhcp).Chunk(NestedPort.PerSwitch).Index())
        {
            var id = Guid.NewGuid();
            var outcome = await client.TransactAsync([
                Op.Insert(NestedPort.Switch, new Dictionary<string, OvsdbValue> { ["name"] = $"n{i}" }, id),
                .. NestedPort.Add(id, ports),
            ]);
            if (outcome is not Committed)
            {
                throw new InvalidOperationException(outcome.ToString());
            }
        }
    }

    private async Task<JsonNode> ChildAsync(string how)
    {
        var output = await ChildProcess.RunAsync(Environment.ProcessPath!, ["ovsdb-load", how, server.Endpoint]);
        return JsonNode.Parse(output) ?? throw new InvalidOperationException("The child process said nothing.");
    }

    private static Func<string, double> Medians(List<JsonNode> runs) =>
        figure => Cost.Median(runs.Select(run => run[figure]!.GetValue<double>()));

    private static double Status(string field) =>
        1024
        * double.Parse(
            File.ReadLines("/proc/self/status")
                .First(line => line.StartsWith(field, StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
            CultureInfo.InvariantCulture
        );
}
