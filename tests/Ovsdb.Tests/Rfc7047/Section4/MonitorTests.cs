using TestServers;

namespace Ovsdb.Tests;

/// <summary>RFC 7047 §4.1.5 monitor and §4.1.6 update, which a client uses for servers older than Open vSwitch 2.6.</summary>
public sealed class MonitorTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Monitor_reports_inserted_changed_and_deleted_rows()
    {
        await using var interceptor = new Interceptor(allTypes.Server);
        var updates = new List<string>();
        interceptor.ToServer = message => message.Replace("\"monitor_cond", "\"not_yet", StringComparison.Ordinal);
        interceptor.ToClient = message =>
        {
            if (message.Contains("\"method\":\"update", StringComparison.Ordinal))
            {
                updates.Add(message);
            }

            return message;
        };
        var before = await allTypes.InsertAsync(AllTypesServer.Table, ("string", "before"));
        await using var client = AllTypesRow.Client(interceptor.Endpoint);
        await client.SyncedAsync(Ct);
        var changes = new List<RowChange>();
        client.Changed += change => changes.AddRange(change.Rows);
        Assert.Equal("before", client.Snapshot.Find(AllTypesServer.Table, before)!["string"].AsString());
        var uuid = (await client.CommitAsync(Op.Insert(AllTypesServer.Table, Nb.Row(("integers", OvsdbValue.Set([1L, 2L]))))))[0]
            .Uuid!
            .Value;
        await client.CommitAsync(Op.Mutate(AllTypesServer.Table, [Where.Uuid(uuid)], Mutation.Insert("integers", 3)));
        Assert.Equal([1, 2, 3], client.Snapshot.Find(AllTypesServer.Table, uuid)!["integers"].AsIntegerSet().Order());
        await client.CommitAsync(Op.Delete(AllTypesServer.Table, [Where.Uuid(uuid)]));
        Assert.Null(client.Snapshot.Find(AllTypesServer.Table, uuid));
        Assert.All(updates, message => Assert.Contains("\"method\":\"update\"", message));
        Assert.Equal(
            [(false, true), (true, true), (true, false)],
            updates.Select(message =>
                (message.Contains("\"old\":", StringComparison.Ordinal), message.Contains("\"new\":", StringComparison.Ordinal))
            )
        );
        await Eventually.Holds("three changes are reported", () => changes.Count(change => change.Uuid == uuid) == 3);
    }

    [Fact]
    public async Task Monitor_ignores_conditions_and_sends_every_row()
    {
        await using var interceptor = new Interceptor(allTypes.Server);
        interceptor.ToServer = message => message.Replace("\"monitor_cond", "\"not_yet", StringComparison.Ordinal);
        var uuid = await allTypes.InsertAsync(AllTypesServer.Table, ("string", "not requested"));
        await using var client = AllTypesRow.Client(interceptor.Endpoint, [Where.Equal("string", "requested")]);
        await client.SyncedAsync(Ct);
        Assert.NotNull(client.Snapshot.Find(AllTypesServer.Table, uuid));
    }
}
