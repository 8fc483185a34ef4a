using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Npgsql;
using Ovsdb;
using TestServers;

namespace Benchmarks;

/// <summary>
/// Measures what the reconciler costs when there is nothing to do: idle CPU and memory with three agents, and a full comparison that finds
/// no differences.
/// </summary>
internal static class ReconcileBenchmark
{
    private const int Vms = 100;
    private const int Networks = 10;
    private const int Runs = 5;
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(60);

    private const string Transactions = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()";

    /// <param name="containers">The number of containers present.</param>
    public static async Task RunAsync(int containers)
    {
        await using var installation = await Installation.StartAsync();
        Installation.PrintLoad();
        await MeasureIdleAsync(installation, "no container");
        await installation.CreateVmsAsync(Vms, Networks);
        await installation.FillAsync(Vms, 0, containers / Vms);
        await MeasureIdleAsync(installation, $"{containers:N0} containers");
        await new Resync(installation).MeasureAsync();
        Console.WriteLine($"memory of the API: {installation.ResidentMebibytes()} MiB");
        Installation.PrintLoad();
    }

    private static async Task MeasureIdleAsync(Installation installation, string name)
    {
        await using var first = await PollingAgent.StartAsync(installation.Server, "h1");
        await using var second = await PollingAgent.StartAsync(installation.Server, "h2");
        await using var third = await PollingAgent.StartAsync(installation.Server, "h3");

        // The changes before are over by then, and PostgreSQL has written their statistics, which a session does at the latest 10 s later.
        await Task.Delay(TimeSpan.FromSeconds(20));
        var (before, transactions, start) = (installation.Cpu(), await TransactionsAsync(installation), Stopwatch.GetTimestamp());
        await Task.Delay(IdleTime);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var cpu = installation.Cpu().Since(before, 1);
        var rate = (await TransactionsAsync(installation) - transactions) / seconds;
        Console.WriteLine(
            $"idle, {name}, 3 agents: API {Percent(cpu.Api)}, PostgreSQL {Percent(cpu.Postgres)} of a core, "
                + $"{rate:0.0} transactions/s in PostgreSQL, API memory {installation.ResidentMebibytes()} MiB"
        );

        string Percent(double milliseconds) => $"{milliseconds / seconds / 10:0.00} %";
    }

    private static async Task<long> TransactionsAsync(Installation installation)
    {
        await using var connection = new NpgsqlConnection(installation.Database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(Transactions, connection);
        return (long)(await command.ExecuteScalarAsync() ?? 0L);
    }

    /// <summary>Full comparisons, which a change of the mode causes.</summary>
    private sealed class Resync(Installation installation)
    {
        private int _changes;

        public async Task MeasureAsync()
        {
            var (cpu, times) = (new List<double>(), new List<double>());
            for (var run = 0; run < Runs; run++)
            {
                await InModeAsync("observe");
                (_changes, var before) = (0, installation.Cpu());
                installation.Northbound.Changed += Count;
                var pass = await InModeAsync("repair");
                installation.Northbound.Changed -= Count;
                cpu.Add(installation.Cpu().Since(before, 1).Api);
                times.Add(pass["milliseconds"]?.GetValue<double>() ?? 0);
                var written = $"{pass["operations"]} operations and {_changes} changed rows in the NB";
                Console.WriteLine($"  full comparison: {cpu[^1]:0} ms CPU of the API, {times[^1]:0} ms; {written}");
            }

            Console.WriteLine($"median full comparison: {Cost.Median(cpu):0} ms CPU of the API, {Cost.Median(times):0} ms");
        }

        /// <summary>Changes the mode, and waits for the full comparison that follows. Returns the summary of that pass.</summary>
        private async Task<JsonNode> InModeAsync(string mode)
        {
            var resynced = (await StatusAsync())["resyncedAt"]?.GetValue<string>();
            await installation.Api.PutAsync("/v1/reconciler", new JsonObject { ["mode"] = mode });
            var status = await Eventually.Becomes(
                $"a full comparison in mode {mode} has ended",
                StatusAsync,
                now => now["mode"]?.GetValue<string>() == mode && now["resyncedAt"]?.GetValue<string>() != resynced,
                TimeSpan.FromMinutes(5)
            );
            return status["lastPass"] ?? throw new InvalidOperationException("The reconciler reports no pass.");
        }

        private async Task<JsonNode> StatusAsync() =>
            (await installation.Server.Client.GetFromJsonAsync<JsonNode>(new Uri("/v1/reconciler", UriKind.Relative)))?["status"]
            ?? throw new InvalidOperationException("The API reports no status of the reconciler.");

        private void Count(ReplicaChange change) => Interlocked.Add(ref _changes, change.Rows.Count);
    }
}
