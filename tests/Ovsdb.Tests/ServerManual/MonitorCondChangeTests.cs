using TestServers;

namespace Ovsdb.Tests.ServerManual;

/// <summary>ovsdb-server(7) §4.1.13 monitor_cond_change.</summary>
public sealed class MonitorCondChangeTests(Every every) : IClassFixture<Every>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_copy_is_as_asked_when_the_change_has_been_answered()
    {
        var uuids = new List<Guid>();
        for (var i = 0; i < 10; i++)
        {
            uuids.Add(await every.InsertAsync(Every.Table, ("integer", i), ("string", $"s{i}")));
        }

        await using var client = EveryRow.Client(every.Server.Endpoint, []);
        await client.SyncedAsync(Ct);
        var changes = new List<RowChange>();
        client.Changed += change => changes.AddRange(change.Rows);
        Assert.Empty(client.Snapshot.Table(Every.Table));
        foreach (var (least, count) in new[] { (5, 5), (2, 8), (8, 2), (10, 0), (0, 10) })
        {
            await client.ReplaceMonitorAsync([EveryRow.Wanted([new Where("integer", ">=", least)])], Ct);
            Assert.Equal(count, client.Snapshot.Table(Every.Table).Count);
            Assert.Equal(count, client.Snapshot.IndexKeys(EveryRow.ByString.Name).Count());
        }
        Assert.Equal(1, client.Generation);
        // 5 come, 3 more, 6 go, 2 go, 10 come.
        await Eventually.Holds("each change is told", () => changes.Count == 5 + 3 + 6 + 2 + 10);
        Assert.Equal(uuids.Order(), client.Snapshot.Table(Every.Table).Keys.Order());
    }

    [Fact]
    public async Task A_change_whose_answer_is_lost_is_not_resumed_for_nobody_knows_by_which_conditions_the_copy_is_complete()
    {
        await using var server = await OvsdbServer.StartNewAsync(Every.Schema, clustered: true);
        await using var between = new Interceptor(server);
        await using var client = EveryRow.Client(between.Endpoint, [new Where("integer", "<", 5)]);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Enumerable.Range(0, 10).Select(i => Op.Insert(Every.Table, Nb.Row(("integer", i)))));
        var asked = new List<string>();
        between.ToServer = message =>
        {
            if (message.Contains("monitor_cond_change", StringComparison.Ordinal))
            {
                between.ToClient = _ =>
                {
                    between.ToClient = same => same;
                    return null;
                };
            }
            else if (message.Contains("\"monitor_cond_since\",\"params\":[\"Every\"", StringComparison.Ordinal))
            {
                asked.Add(message);
            }

            return message;
        };
        await client.ReplaceMonitorAsync([EveryRow.Wanted([new Where("integer", ">=", 7)])], Ct).WaitAsync(Eventually.Deadline, Ct);
        Assert.Contains($"\"{Guid.Empty}\"", Assert.Single(asked));
        Assert.Equal([7, 8, 9], client.Snapshot.Table(Every.Table).Values.Select(row => row["integer"].AsInteger()).Order());
        Assert.Equal(2, client.Generation);
    }
}
