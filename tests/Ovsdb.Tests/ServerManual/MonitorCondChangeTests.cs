using TestServers;

namespace Ovsdb.Tests;

/// <summary>ovsdb-server(7) §4.1.13 monitor_cond_change.</summary>
public sealed class MonitorCondChangeTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task When_a_change_of_conditions_completes_the_replica_matches_them()
    {
        var uuids = new List<Guid>();
        for (var i = 0; i < 10; i++)
        {
            uuids.Add(await allTypes.InsertAsync(AllTypesServer.Table, ("integer", i), ("string", $"s{i}")));
        }

        await using var client = AllTypesRow.Client(allTypes.Server.Endpoint, []);
        await client.SyncedAsync(Ct);
        var changes = new List<RowChange>();
        client.Changed += change => changes.AddRange(change.Rows);
        Assert.Empty(client.Snapshot.Table(AllTypesServer.Table));
        foreach (var (least, count) in new[] { (5, 5), (2, 8), (8, 2), (10, 0), (0, 10) })
        {
            await client.ReplaceMonitorAsync([AllTypesRow.Monitored([new Where("integer", ">=", least)])], Ct);
            Assert.Equal(count, client.Snapshot.Table(AllTypesServer.Table).Count);
            Assert.Equal(count, client.Snapshot.IndexKeys(AllTypesRow.ByString.Name).Count());
        }
        Assert.Equal(1, client.Generation);
        // 5 rows appear, then 3; 6 disappear, then 2; 10 appear.
        await Eventually.Holds("each change is reported", () => changes.Count == 5 + 3 + 6 + 2 + 10);
        Assert.Equal(uuids.Order(), client.Snapshot.Table(AllTypesServer.Table).Keys.Order());
    }

    [Fact]
    public async Task After_the_answer_to_a_change_of_conditions_is_lost_everything_is_loaded_again()
    {
        await using var server = await OvsdbServer.StartNewAsync(AllTypesServer.Schema, clustered: true);
        await using var interceptor = new Interceptor(server);
        await using var client = AllTypesRow.Client(interceptor.Endpoint, [new Where("integer", "<", 5)]);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Enumerable.Range(0, 10).Select(i => Op.Insert(AllTypesServer.Table, Nb.Row(("integer", i)))));
        var requested = new List<string>();
        interceptor.ToServer = message =>
        {
            if (message.Contains("monitor_cond_change", StringComparison.Ordinal))
            {
                interceptor.ToClient = _ =>
                {
                    interceptor.ToClient = message => message;
                    return null;
                };
            }
            else if (message.Contains("\"monitor_cond_since\",\"params\":[\"Every\"", StringComparison.Ordinal))
            {
                requested.Add(message);
            }

            return message;
        };
        await client.ReplaceMonitorAsync([AllTypesRow.Monitored([new Where("integer", ">=", 7)])], Ct).WaitAsync(Eventually.Deadline, Ct);
        Assert.Contains($"\"{Guid.Empty}\"", Assert.Single(requested));
        Assert.Equal([7, 8, 9], client.Snapshot.Table(AllTypesServer.Table).Values.Select(row => row["integer"].AsInteger()).Order());
        Assert.Equal(2, client.Generation);
    }
}
