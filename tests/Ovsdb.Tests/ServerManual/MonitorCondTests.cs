using TestServers;

namespace Ovsdb.Tests;

/// <summary>
/// ovsdb-server(7) §4.1.12 monitor_cond and §4.1.14 update2, which a client uses for servers older than Open vSwitch 2.12.
/// </summary>
public sealed class MonitorCondTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Monitor_cond_reports_inserted_changed_and_deleted_rows()
    {
        await using var interceptor = new Interceptor(allTypes.Server);
        var methods = new List<string>();
        interceptor.ToServer = message => message.Replace("monitor_cond_since", "monitor_cond_hence", StringComparison.Ordinal);
        interceptor.ToClient = message =>
        {
            if (message.Contains("\"method\":\"update", StringComparison.Ordinal))
            {
                methods.Add(message);
            }

            return message;
        };
        var kept = await allTypes.InsertAsync(AllTypesServer.Table, ("string", "kept"));
        await using var client = AllTypesRow.Client(interceptor.Endpoint);
        await client.SyncedAsync(Ct);
        Assert.Equal("kept", client.Snapshot.Find(AllTypesServer.Table, kept)!["string"].AsString());
        var uuid = (await client.CommitAsync(Op.Insert(AllTypesServer.Table, Nb.Row(("integers", OvsdbValue.Set([1L, 2L]))))))[0]
            .Uuid!
            .Value;
        await client.CommitAsync(Op.Mutate(AllTypesServer.Table, [Where.Uuid(uuid)], Mutation.Insert("integers", 3)));
        Assert.Equal([1, 2, 3], client.Snapshot.Find(AllTypesServer.Table, uuid)!["integers"].AsIntegerSet().Order());
        await client.CommitAsync(Op.Delete(AllTypesServer.Table, [Where.Uuid(uuid)]));
        Assert.Null(client.Snapshot.Find(AllTypesServer.Table, uuid));
        Assert.Equal(3, methods.Count);
        Assert.All(methods, message => Assert.Contains("\"method\":\"update2\"", message));
    }

    [Theory]
    [InlineData("shade", "unknown column: No column shade in table Limited.")]
    [InlineData("name", "syntax error: Type mismatch: \"<\" operator may not be applied to column name of type string.")]
    public async Task An_invalid_condition_is_rejected_with_the_servers_reason(string column, string reason)
    {
        await using var interceptor = new Interceptor(allTypes.Server);
        // The library omits unknown columns, so the interceptor inserts one.
        interceptor.ToServer = message => message.Replace("\"percent\",\"==\"", $"\"{column}\",\"<\"", StringComparison.Ordinal);
        await using var client = AllTypesRow.Client(interceptor.Endpoint);
        await client.SyncedAsync(Ct);
        var error = await Assert.ThrowsAsync<OvsdbException>(() =>
            client.ReplaceMonitorAsync([new MonitoredTable(AllTypesServer.Limited, ["name"], [Where.Equal("percent", 5)])], Ct)
        );
        Assert.StartsWith(reason, error.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_monitor_sends_rows_that_match_any_of_its_conditions()
    {
        await using var client = AllTypesRow.Client(
            allTypes.Server.Endpoint,
            [Where.Equal("string", "either"), new Where("integer", ">", 100), Where.Includes("strings", "x")]
        );
        await client.SyncedAsync(Ct);
        foreach (
            var row in new[]
            {
                Nb.Row(("string", "either")),
                Nb.Row(("integer", 101)),
                Nb.Row(("strings", OvsdbValue.Set(["x", "y"]))),
                Nb.Row(("string", "neither"), ("integer", 100)),
            }
        )
        {
            await client.CommitAsync(Op.Insert(AllTypesServer.Table, row));
        }

        await Eventually.Holds("the replica has the three matching rows", () => client.Snapshot.Table(AllTypesServer.Table).Count == 3);
    }
}
