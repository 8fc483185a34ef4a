using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Npgsql;
using Ovsdb;
using TestServers;

namespace Benchmarks;

/// <summary>
/// Measures how long a takeover takes after a fault of the leader, with three processes of the API. A client increases the lease time
/// of a network all the time. The time counts from the fault until the NB has the fence of a new leader and a larger lease time. A lease
/// time that decreases, or a fence of an earlier epoch, is a stale write.
/// </summary>
internal static class TakeoverBenchmark
{
    private const int Processes = 3;
    private static readonly string[] Faults = ["killed", "stopped", "cut from PostgreSQL", "cut from NB"];

    public static async Task RunAsync(int count)
    {
        await using var postgres = await PostgresServer.StartNewAsync();
        await using var sandbox = await Sandbox.UpAsync();
        var database = await postgres.CreateDatabaseAsync();
        var options = new NestServerOptions
        {
            Database = database,
            Northbound = sandbox.Northbound,
            Settings = new Dictionary<string, string>
            {
                ["RateLimit__PerSecond"] = "0",
                ["Serilog__MinimumLevel__Override__Serilog.AspNetCore"] = "Warning",
            },
        };
        var members = new List<RelayedServer>();
        try
        {
            while (members.Count < Processes)
            {
                members.Add(await RelayedServer.StartAsync(postgres, options));
            }

            await using var run = await Run.StartAsync(members, sandbox, database);
            var times = Faults.ToDictionary(fault => fault, _ => new List<double>());
            for (var round = 1; round <= count; round++)
            {
                foreach (var fault in Faults)
                {
                    times[fault].Add(await run.MeasureAsync(fault));
                    Console.WriteLine($"  round {round} of {count}, {fault}: {times[fault][^1]:0.00} s");
                }
            }

            Console.WriteLine();
            Console.WriteLine("leader               faults   takeover p50   worst");
            foreach (var (fault, seconds) in times)
            {
                Console.WriteLine($"{fault, -20} {seconds.Count, 6}   {Cost.Median(seconds), 8:0.00} s   {seconds.Max(), 6:0.00} s");
            }

            Console.WriteLine($"stale writes: {run.StaleWrites}; increases of the lease time: {run.Increases}");
            Installation.PrintLoad();
        }
        finally
        {
            foreach (var member in members)
            {
                await member.DisposeAsync();
            }
        }
    }

    private static bool Led(RelayedServer member, long epoch) =>
        member.Server.Process.Output.Contains($"epoch {epoch}\"", StringComparison.Ordinal);

    private static async Task BreakAsync(RelayedServer member, string fault)
    {
        switch (fault)
        {
            case "killed":
                await member.Server.KillAsync();
                break;
            case "stopped":
                member.Server.Process.Send(Signal.Pause);
                break;
            case "cut from PostgreSQL":
                member.Postgres.Cut();
                break;
            default:
                member.Northbound.Cut();
                break;
        }
    }

    /// <summary>The client that writes, and an observer of the NB.</summary>
    private sealed class Run : IAsyncDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private readonly List<RelayedServer> _members;
        private readonly OvsdbClient _northbound;
        private readonly NpgsqlDataSource _database;
        private readonly Task _writing;
        private volatile RelayedServer _healthy;
        private volatile TaskCompletionSource<long>? _takeover;
        private long _epoch;
        private int _lease;
        private int _leaseAtFence;

        private Run(List<RelayedServer> members, Sandbox sandbox, string database)
        {
            (_members, _healthy, _database) = (members, members[0], NpgsqlDataSource.Create(database));
            _northbound = new(
                new OvsdbClientOptions
                {
                    Endpoints = OvsdbEndpoint.ParseList(sandbox.Northbound),
                    Database = NestedPort.Database,
                    Monitor = [new("DHCP_Options", ["options"]), new("NB_Global", ["external_ids"])],
                }
            );
            _northbound.Changed += Observe;
            _northbound.Start();
            _writing = WriteAsync();
        }

        public int StaleWrites { get; private set; }

        public int Increases { get; private set; }

        public static async Task<Run> StartAsync(List<RelayedServer> members, Sandbox sandbox, string database)
        {
            var run = new Run(members, sandbox, database);
            await Eventually.Holds("the NB follows", () => run.Increases > 5);
            return run;
        }

        /// <summary>Causes a fault of the leader and repairs it. Returns the time of the takeover in seconds.</summary>
        public async Task<double> MeasureAsync(string fault)
        {
            await using var command = _database.CreateCommand("SELECT epoch FROM leader");
            var epoch = Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
            var leader = _members.Single(member => Led(member, epoch));
            _healthy = _members.First(member => member != leader);
            await Task.Delay(Random.Shared.Next(1000)); // anywhere between two heartbeats

            var takeover = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            var start = Stopwatch.GetTimestamp();
            _takeover = takeover;
            await BreakAsync(leader, fault);
            var end = await takeover.Task.WaitAsync(TimeSpan.FromMinutes(5));

            await leader.RepairAsync();
            var until = Increases + 20;
            await Eventually.Holds("the former leader is ready", async () =>
                (await leader.Server.Client.GetAsync(new Uri("readyz", UriKind.Relative))).IsSuccessStatusCode
            );
            await Eventually.Holds("the NB follows", () => Increases > until);
            return Stopwatch.GetElapsedTime(start, end).TotalSeconds;
        }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await _writing;
            await _northbound.DisposeAsync();
            await _database.DisposeAsync();
            _end.Dispose();
        }

        private async Task WriteAsync()
        {
            for (var lease = 1000; !_end.IsCancellationRequested; lease++)
            {
                try
                {
                    var dhcp = new JsonObject { ["leaseTime"] = lease };
                    await new ApiClient(_healthy.Server).PutAsync(
                        "/v1/networks/lan",
                        new JsonObject { ["subnet"] = "10.0.0.0/24", ["dhcp"] = dhcp }
                    );
                    await Task.Delay(20);
                }
                catch (Exception e) when (e is HttpRequestException or InvalidOperationException or TaskCanceledException)
                {
                    await Task.Delay(100);
                }
            }
        }

        private void Observe(ReplicaChange change)
        {
            var now = Stopwatch.GetTimestamp();
            foreach (var row in change.Snapshot.Table("NB_Global").Values)
            {
                var fence = row["external_ids"].AsStringMap().GetValueOrDefault("ovnnest_default");
                var epoch = fence is null ? _epoch : long.Parse(fence.Split('/')[1], CultureInfo.InvariantCulture);
                StaleWrites += epoch < _epoch ? 1 : 0;
                _leaseAtFence = epoch > _epoch && _takeover is not null ? _lease : _leaseAtFence;
                _epoch = epoch;
            }

            foreach (var row in change.Snapshot.Table("DHCP_Options").Values)
            {
                var lease = int.Parse(row["options"].AsStringMap()["lease_time"], CultureInfo.InvariantCulture);
                StaleWrites += lease < _lease ? 1 : 0;
                Increases += lease > _lease ? 1 : 0;
                _lease = lease;
            }

            if (_leaseAtFence > 0 && _lease > _leaseAtFence)
            {
                _takeover?.TrySetResult(now);
                (_takeover, _leaseAtFence) = (null, 0);
            }
        }
    }
}
