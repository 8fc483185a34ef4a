using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Ovsdb;
using TestServers;

namespace Benchmarks;

/// <summary>
/// The first load of a large table: the floor only reads it, the library creates a replica with three indexes. Each runs in its own
/// process.
/// </summary>
internal sealed class DumpBenchmark(OvsdbServer server, OvsdbClient client)
{
    private const int Ports = 100_000;
    private const int Reloaded = 10_000;
    private const int Runs = 5;

    public async Task PrintAsync()
    {
        await PrintReloadAsync();
        await FillAsync(Ports);
        var (floors, replicas) = (new List<JsonNode>(), new List<JsonNode>());
        for (var run = 0; run < Runs; run++)
        {
            floors.Add(await ChildAsync("raw"));
            replicas.Add(await ChildAsync("replica"));
        }

        PrintLoads(Medians(floors), Medians(replicas));
    }

    private static void PrintLoads(Func<string, double> floor, Func<string, double> replica)
    {
        var message = floor("message");
        PrintLine($"");
        PrintLine($"first load of {Ports} ports, {message / 1e6:0.0} MB in one message, into a replica with three indexes");
        PrintLine($"{Runs} runs, each in its own process, medians");
        PrintLine($"                                        floor   library  limit");
        PrintLine($"CPU of the whole client process, s      {floor("cpu"), 5:0.00}     {replica("cpu"), 5:0.00}  ≤ 2.00");
        PrintLine($"CPU of a second load in it, s                     {replica("warmCpu"), 5:0.00}");
        PrintLine($"from request to replica, s              {floor("wall"), 5:0.00}     {replica("wall"), 5:0.00}");
        PrintLine($"peak of memory above its start, messages          {replica("peak") / message, 5:0.0}  ≤ 6.0");
        PrintLine($"the replica itself afterwards, messages           {replica("kept") / message, 5:0.0}");
        PrintLine($"allocated for each row, B                         {replica("allocated") / Ports, 5:0}");
    }

    private static void PrintLine(FormattableString line) => Console.WriteLine(FormattableString.Invariant(line));

    /// <summary>Runs one load in a child process, and prints its figures as a line of JSON.</summary>
    public static async Task LoadAsync(string how, string endpoint) =>
        Console.WriteLine(how == "raw" ? LoadRaw(endpoint) : await LoadReplicaAsync(endpoint));

    private static JsonObject LoadRaw(string endpoint)
    {
        using var raw = new RawSocket(endpoint["unix:".Length..]);
        var requests = NestedPort.Tables.Select(table =>
            $$""""{{table.Table}}":[{"columns":["{{string.Join("\",\"", table.Columns)}}"]}]""""
        );
        var parameters = $$"""["{{NestedPort.Database}}","m",{{{string.Join(',', requests)}}},"{{Guid.Empty}}"]""";
        var start = Stopwatch.GetTimestamp();
        raw.Send(Encoding.UTF8.GetBytes($$"""{"method":"monitor_cond_since","params":{{parameters}},"id":1}"""));
        raw.Receive();
        return new()
        {
            ["message"] = raw.Received,
            ["wall"] = Stopwatch.GetElapsedTime(start).TotalSeconds,
            ["cpu"] = Environment.CpuUsage.TotalTime.TotalSeconds,
        };
    }

    private static async Task<JsonObject> LoadReplicaAsync(string endpoint)
    {
        await using (var connection = await OvsdbConnection.ConnectAsync(OvsdbEndpoint.Parse(endpoint), new(), CancellationToken.None))
        {
            await connection.GetSchemaAsync(NestedPort.Database, CancellationToken.None);
        }

        var (resident, allocated, start) = (Status("VmRSS"), GC.GetTotalAllocatedBytes(precise: true), Stopwatch.GetTimestamp());
        await using var client = StartClient(endpoint);
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
            throw new InvalidOperationException("The replica is not complete.");
        }

        figures["kept"] = GC.GetTotalMemory(forceFullCollection: true);
        var before = Environment.CpuUsage.TotalTime;
        await using var second = StartClient(endpoint);
        await second.SyncedAsync(CancellationToken.None);
        figures["warmCpu"] = (Environment.CpuUsage.TotalTime - before).TotalSeconds;
        GC.KeepAlive(client);
        return figures;
    }

    private static OvsdbClient StartClient(string endpoint)
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
        await using var loaded = StartClient(server.Endpoint);
        await loaded.SyncedAsync(CancellationToken.None);
        var reported = new TaskCompletionSource<ReplicaChange>(TaskCreationOptions.RunContinuationsAsynchronously);
        loaded.Changed += change =>
        {
            if (change.Snapshot.Generation > 1)
            {
                reported.TrySetResult(change);
            }
        };
        await server.KillAsync();
        await server.StartAsync();
        var start = Stopwatch.GetTimestamp();
        var rows = (await reported.Task).Rows.Count;
        var ports = loaded.Snapshot.Table(NestedPort.Table).Count;
        PrintLine($"");
        PrintLine(
            $"{ports} unchanged ports loaded again {Stopwatch.GetElapsedTime(start).TotalSeconds:0.00} s after a restart of the server"
        );
        PrintLine($"change notifications: {rows} (limit: 0)");
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
        return JsonNode.Parse(output) ?? throw new InvalidOperationException("The child process printed nothing.");
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
