using TestServers;

namespace Ovsdb.Tests.Rfc7047;

/// <summary>RFC 7047 §4.1.5 monitor and §4.1.6 update, with which servers before Open vSwitch 2.6 are followed.</summary>
public sealed class MonitorTests(Every every) : IClassFixture<Every>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rows_come_change_and_go_as_old_and_new()
    {
        await using var between = new Interceptor(every.Server);
        var updates = new List<string>();
        between.ToServer = message => message.Replace("\"monitor_cond", "\"not_yet", StringComparison.Ordinal);
        between.ToClient = message =>
        {
            if (message.Contains("\"method\":\"update", StringComparison.Ordinal))
            {
                updates.Add(message);
            }

            return message;
        };
        var before = await every.InsertAsync(Every.Table, ("string", "before"));
        await using var client = EveryRow.Client(between.Endpoint);
        await client.SyncedAsync(Ct);
        var changes = new List<RowChange>();
        client.Changed += change => changes.AddRange(change.Rows);
        Assert.Equal("before", client.Snapshot.Find(Every.Table, before)!["string"].AsString());
        var uuid = (await client.CommitAsync(Op.Insert(Every.Table, Nb.Row(("integers", OvsdbValue.Set([1L, 2L]))))))[0].Uuid!.Value;
        await client.CommitAsync(Op.Mutate(Every.Table, [Where.Uuid(uuid)], Mutation.Insert("integers", 3)));
        Assert.Equal([1, 2, 3], client.Snapshot.Find(Every.Table, uuid)!["integers"].AsIntegerSet().Order());
        await client.CommitAsync(Op.Delete(Every.Table, [Where.Uuid(uuid)]));
        Assert.Null(client.Snapshot.Find(Every.Table, uuid));
        Assert.All(updates, message => Assert.Contains("\"method\":\"update\"", message));
        Assert.Equal(
            [(false, true), (true, true), (true, false)],
            updates.Select(message =>
                (message.Contains("\"old\":", StringComparison.Ordinal), message.Contains("\"new\":", StringComparison.Ordinal))
            )
        );
        await Eventually.Holds("three changes are told", () => changes.Count(change => change.Uuid == uuid) == 3);
    }

    [Fact]
    public async Task Every_row_is_sent_whatever_the_conditions()
    {
        await using var between = new Interceptor(every.Server);
        between.ToServer = message => message.Replace("\"monitor_cond", "\"not_yet", StringComparison.Ordinal);
        var uuid = await every.InsertAsync(Every.Table, ("string", "not asked for"));
        await using var client = EveryRow.Client(between.Endpoint, [Where.Equal("string", "asked for")]);
        await client.SyncedAsync(Ct);
        Assert.NotNull(client.Snapshot.Find(Every.Table, uuid));
    }
}
