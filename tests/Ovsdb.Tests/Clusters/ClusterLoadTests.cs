using System.Collections.Concurrent;
using System.Diagnostics;
using TestServers;

namespace Ovsdb.Tests;

/// <summary>Several clients write to a cluster whose leaders transfer leadership, are killed or stop.</summary>
public sealed class ClusterLoadTests(ITestOutputHelper output)
{
    private const int Writers = 4;

    private readonly ConcurrentDictionary<Guid, string> _acknowledged = new();
    private readonly ConcurrentQueue<long> _times = new();
    private int _unknown,
        _notSent,
        _duplicates;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact, Trait(Soak.Trait, "ovsdb")]
    public async Task When_leaders_fail_no_acknowledged_row_is_lost_or_duplicated()
    {
        await using var cluster = await RaftCluster.StartNewAsync();
        await using var watching = Client(cluster, Nb.Tables);
        var clients = Enumerable.Range(0, Writers).Select(_ => Client(cluster, [])).ToArray();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var writers = clients.Select((client, number) => Task.Run(() => WriteAsync(client, number, stop.Token), Ct)).ToArray();

        var faults = new List<Fault>();
        var rounds = Soak.Size("ovsdb", 1, 20);
        for (var round = 0; round < rounds; round++)
        {
            await FaultAsync("transferred leadership", cluster.TransferLeadershipAsync);
            await FaultAsync("was killed", async () =>
            {
                await (await cluster.LeaderAsync()).KillAsync();
                await cluster.LeaderAsync();
            });
            await FaultAsync("was stopped", async () =>
            {
                (await cluster.LeaderAsync()).Pause();
                await cluster.LeaderAsync();
            });
        }
        await stop.CancelAsync();
        await Task.WhenAll(writers);
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }

        Report(faults);
        foreach (var member in cluster.Members)
        {
            await MustHaveEveryRowAsync(member);
        }

        await watching.SyncedAsync(Ct);
        await watching.MustAgreeAsync((await cluster.LeaderAsync()).Endpoint);

        async Task FaultAsync(string kind, Func<Task> fault)
        {
            await WaitForMoreWritesAsync();
            var at = Stopwatch.GetTimestamp();
            await fault();
            faults.Add(new Fault(kind, at, Stopwatch.GetElapsedTime(at).TotalSeconds));
            await WaitForMoreWritesAsync();
            await cluster.HealAsync();
        }
    }

    private static OvsdbClient Client(RaftCluster cluster, IReadOnlyList<MonitoredTable> monitor)
    {
        var client = new OvsdbClient(
            new OvsdbClientOptions
            {
                Endpoints = OvsdbEndpoint.ParseList(cluster.Endpoints),
                Database = Nb.Name,
                Monitor = monitor,
                Indexes = [Nb.ByName, Nb.ByOwner],
                LeaderOnly = true,
                ProbeInterval = TimeSpan.FromMilliseconds(500), // short, so that a stopped leader is detected
                ConnectTimeout = TimeSpan.FromSeconds(1),
            }
        );
        client.Start();
        return client;
    }

    /// <summary>Waits until each writer has probably written to the current leader.</summary>
    private async Task WaitForMoreWritesAsync()
    {
        var wanted = _acknowledged.Count + 50 * Writers;
        await Eventually.Holds("the writers continue", () => _acknowledged.Count >= wanted);
    }

    private async Task WriteAsync(OvsdbClient client, int number, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var (uuid, name) = (Guid.NewGuid(), $"w{number}-{i}");
            while (!await TryAsync(client, uuid, name)) { }
            _acknowledged.TryAdd(uuid, name);
            _times.Enqueue(Stopwatch.GetTimestamp());
        }
    }

    /// <summary>
    /// Writes a row and returns whether the server has it. After an unknown outcome, it reads the row; a repeat uses the same UUID, so it
    /// cannot create a second row.
    /// </summary>
    private async Task<bool> TryAsync(OvsdbClient client, Guid uuid, string name)
    {
        try
        {
            await client.SyncedAsync(Ct);
            var outcome = await client.TransactAsync([Nb.NewSwitch(uuid, name)], Ct);
            if (outcome is Unknown)
            {
                Interlocked.Increment(ref _unknown);
                await client.SyncedAsync(Ct);
                return await client.TransactAsync([Op.Select(Nb.Switch, [Where.Uuid(uuid)], ["name"])], Ct)
                    is Committed { Results: [{ Rows.Count: 1 }] };
            }
            if (outcome is not Rejected rejected)
            {
                return true;
            }
            // The row was committed by an earlier attempt whose outcome was unknown, or the leader executed the transaction twice.
            Assert.Equal(OvsdbError.DuplicateUuid, rejected.Error.Error);
            Interlocked.Increment(ref _duplicates);
            return true;
        }
        catch (OvsdbNotConnectedException)
        {
            Interlocked.Increment(ref _notSent);
            return false;
        }
    }

    private async Task MustHaveEveryRowAsync(RaftMember member)
    {
        await using var connection = await Nb.ConnectAsync(member.Endpoint);
        var rows = await Eventually.Becomes(
            "the member has every row",
            async () => (await connection.TransactAsync(Nb.Name, [Op.Select(Nb.Switch, [], ["_uuid", "name"])], Ct)).MustCommit()[0].Rows,
            rows => rows.Count >= _acknowledged.Count
        );
        var names = rows.ToDictionary(row => row.Uuid, row => row["name"].AsString());
        Assert.Equal(_acknowledged.OrderBy(row => row.Key), names.OrderBy(row => row.Key));
        Assert.Equal(names.Count, names.Values.Distinct().Count());
    }

    /// <summary>Prints, for each kind of fault, the longest time without an acknowledgement between the fault and the next fault.</summary>
    private void Report(List<Fault> faults)
    {
        long[] times = [.. _times.Order()];
        var gaps = faults
            .Index()
            .Select(fault =>
            {
                var end = fault.Index + 1 < faults.Count ? faults[fault.Index + 1].At : times[^1];
                var during = times.Skip(Array.FindLastIndex(times, time => time < fault.Item.At)).TakeWhile(time => time <= end).ToArray();
                return (Fault: fault.Item, Gap: during.Zip(during.Skip(1), Stopwatch.GetElapsedTime).Max().TotalSeconds);
            });
        output.WriteLine(
            $"{_acknowledged.Count} rows acknowledged; {_unknown} outcomes unknown, {_notSent} not sent, {_duplicates} duplicates"
        );
        foreach (var kind in gaps.GroupBy(gap => gap.Fault.Kind))
        {
            output.WriteLine(
                $"leader {kind.Key}, {kind.Count()} times: new leader after {Spread(kind.Select(gap => gap.Fault.Leaderless))}, "
                    + $"nothing acknowledged for {Spread(kind.Select(gap => gap.Gap))}"
            );
        }
    }

    private static string Spread(IEnumerable<double> seconds)
    {
        double[] all = [.. seconds.Order()];
        return $"{all[all.Length / 2]:0.00} s (median; {all[0]:0.00} to {all[^1]:0.00})";
    }

    private readonly record struct Fault(string Kind, long At, double Leaderless);
}
