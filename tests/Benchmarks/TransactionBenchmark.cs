using System.Diagnostics;
using Ovsdb;
using TestServers;

namespace Benchmarks;

/// <summary>
/// The floor and the library take turns to add the same ports to the same server, starting with the same empty switches. The time of the
/// library includes creating operations from plain values, checking and encoding them, and reading the answers.
/// </summary>
internal sealed class TransactionBenchmark(OvsdbServer server, RawSocket raw, OvsdbClient client)
{
    private const int Ports = 1000;
    private const int Rounds = 15;
    private const int WarmUps = 20; // unmeasured rounds of each kind, until the code is fully optimised

    private readonly Guid _dhcp = Guid.NewGuid();
    private readonly List<double> _latencies = [];

    /// <param name="Batch">Ports in each transaction.</param>
    /// <param name="InFlight">Transactions that wait for their answers at the same time.</param>
    /// <param name="ByLatency">True to report the median time of a transaction, false to report ports per second.</param>
    private sealed record Kind(string Name, int Batch, int InFlight, bool ByLatency, string Limit);

    private sealed record Work(NestedPort[] Ports, Guid[] Switches);

    public async Task PrintAsync()
    {
        await CommitAsync([Op.Insert(NestedPort.DhcpTable, new Dictionary<string, OvsdbValue> { ["cidr"] = "10.0.0.0/8" }, _dhcp)]);
        Kind[] kinds =
        [
            new("batches of 100, ports/s", NestedPort.PerSwitch, InFlight: 1, ByLatency: false, "≥ 0.50"),
            new("  2 batches in flight", NestedPort.PerSwitch, InFlight: 2, ByLatency: false, ""),
            new("one by one, p50 in µs", 1, InFlight: 1, ByLatency: true, "≤ 1.50"),
            new("16 in flight, ports/s", 1, InFlight: 16, ByLatency: false, "≥ 0.70"),
        ];
        foreach (var kind in kinds)
        {
            await RunAsync(kind, WarmUps);
        }

        Console.WriteLine(
            $"{Ports} ports into {Ports / NestedPort.PerSwitch} switches, {Rounds} rounds of floor and library in turn, medians"
        );
        Console.WriteLine("CPU and allocations are for each port");
        Console.WriteLine(
            "                            floor  library  ratio  limit    client CPU: floor  library     "
                + "server CPU: floor  library     allocated"
        );
        foreach (var kind in kinds)
        {
            var (floors, libraries) = await RunAsync(kind, Rounds);
            PrintLine(kind, floors, libraries);
        }
    }

    private static void PrintLine(Kind kind, List<(double Figure, Cost Cost)> floors, List<(double Figure, Cost Cost)> libraries)
    {
        var (floor, library) = (Cost.Median(floors.Select(run => run.Figure)), Cost.Median(libraries.Select(run => run.Figure)));
        var allocated = Cost.Median(libraries.Select(run => (double)run.Cost.Allocated)) / Ports;
        FormattableString[] cells =
        [
            $"{kind.Name, -24} {floor, 8:0} {library, 8:0}   {library / floor, 4:0.00}  {kind.Limit, -6}",
            $"{Cpu(floors, run => run.Client), 9:0.0} {Cpu(libraries, run => run.Client), 8:0.0} µs",
            $"{Cpu(floors, run => run.Server), 9:0.0} {Cpu(libraries, run => run.Server), 8:0.0} µs",
        ];
        Console.WriteLine(
            FormattableString.Invariant($"{string.Join("        ", cells.Select(FormattableString.Invariant))}    {allocated, 8:0} B")
        );

        static double Cpu(List<(double, Cost Cost)> runs, Func<Cost, TimeSpan> of) =>
            Cost.Median(runs.Select(run => of(run.Cost).TotalMicroseconds / Ports));
    }

    private async Task<(List<(double Figure, Cost Cost)> Floors, List<(double Figure, Cost Cost)> Libraries)> RunAsync(
        Kind kind,
        int rounds
    )
    {
        var (floors, libraries) = (new List<(double Figure, Cost Cost)>(), new List<(double Figure, Cost Cost)>());
        for (var round = 0; round < rounds; round++)
        {
            for (var turn = 0; turn < 2; turn++)
            {
                var isFloor = (round + turn) % 2 == 0;
                (isFloor ? floors : libraries).Add(await MeasureAsync(kind, isFloor));
            }
        }

        return (floors, libraries);
    }

    private async Task<(double Figure, Cost Cost)> MeasureAsync(Kind kind, bool isFloor)
    {
        var (batch, inFlight) = (kind.Batch, kind.InFlight);
        var work = await PrepareAsync();
        _latencies.Clear();
        Cost cost;
        if (isFloor)
        {
            var requests = Enumerable
                .Range(0, Ports / batch)
                .Select(i =>
                    RawSocket.Transact(NestedPort.Add(work.Switches[i * batch / NestedPort.PerSwitch], work.Ports.AsSpan(i * batch, batch)))
                )
                .ToArray();
            cost = await Cost.MeasureAsync(server.ProcessId, () =>
            {
                SendFloor(requests, inFlight);
                return Task.CompletedTask;
            });
        }
        else
        {
            cost = await Cost.MeasureAsync(server.ProcessId, () => SendAsync(work, batch, inFlight));
        }

        var rows = await CommitAsync([Op.Select(NestedPort.Table, [], ["_uuid"])]);
        if (rows.Results[0].Rows.Count != Ports)
        {
            throw new InvalidOperationException($"{rows.Results[0].Rows.Count} ports were found instead of {Ports}.");
        }

        return (kind.ByLatency ? Cost.Median(_latencies) : Ports / cost.Wall.TotalSeconds, cost);
    }

    /// <summary>Deletes everything and inserts empty switches, so that every run starts with the same database.</summary>
    private async Task<Work> PrepareAsync()
    {
        await CommitAsync([Op.Delete(NestedPort.Switch, [])]);
        var switches = Enumerable.Range(0, Ports / NestedPort.PerSwitch).Select(_ => Guid.NewGuid()).ToArray();
        await CommitAsync([
            .. switches.Select((id, i) => Op.Insert(NestedPort.Switch, new Dictionary<string, OvsdbValue> { ["name"] = $"n{i}" }, id)),
        ]);
        return new(NestedPort.Make(Ports, _dhcp), switches);
    }

    private void SendFloor(byte[][] requests, int inFlight)
    {
        var start = Stopwatch.GetTimestamp();
        for (int sent = 0, answered = 0; answered < requests.Length; )
        {
            for (; sent < requests.Length && sent - answered < inFlight; sent++)
            {
                raw.Send(requests[sent]);
            }

            answered += raw.Receive();
            var now = Stopwatch.GetTimestamp();
            _latencies.Add(Stopwatch.GetElapsedTime(start, now).TotalMicroseconds);
            start = now;
        }
    }

    private Task SendAsync(Work work, int batch, int inFlight)
    {
        var next = -1;
        return inFlight == 1 ? SendAllAsync() : Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => Task.Run(SendAllAsync)));

        async Task SendAllAsync()
        {
            for (var i = Interlocked.Increment(ref next); i < Ports / batch; i = Interlocked.Increment(ref next))
            {
                var start = Stopwatch.GetTimestamp();
                await CommitAsync(NestedPort.Add(work.Switches[i * batch / NestedPort.PerSwitch], work.Ports.AsSpan(i * batch, batch)));
                if (inFlight == 1)
                {
                    _latencies.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
                }
            }
        }
    }

    private async Task<Committed> CommitAsync(Op[] ops)
    {
        var outcome = await client.TransactAsync(ops);
        return outcome as Committed ?? throw new InvalidOperationException(outcome.ToString());
    }
}
