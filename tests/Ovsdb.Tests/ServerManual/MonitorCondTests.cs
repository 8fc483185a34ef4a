using TestServers;

namespace Ovsdb.Tests.ServerManual;

/// <summary>ovsdb-server(7) §4.1.12 monitor_cond and §4.1.14 update2, which a client uses with servers before Open vSwitch 2.12.</summary>
public sealed class MonitorCondTests(Every every) : IClassFixture<Every>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rows_come_change_and_go_without_a_history()
    {
        await using var between = new Interceptor(every.Server);
        var methods = new List<string>();
        between.ToServer = message => message.Replace("monitor_cond_since", "monitor_cond_hence", StringComparison.Ordinal);
        between.ToClient = message =>
        {
            if (message.Contains("\"method\":\"update", StringComparison.Ordinal))
            {
                methods.Add(message);
            }

            return message;
        };
        var kept = await every.InsertAsync(Every.Table, ("string", "kept"));
        await using var client = EveryRow.Client(between.Endpoint);
        await client.SyncedAsync(Ct);
        Assert.Equal("kept", client.Snapshot.Find(Every.Table, kept)!["string"].AsString());
        var uuid = (await client.CommitAsync(Op.Insert(Every.Table, Nb.Row(("integers", OvsdbValue.Set([1L, 2L]))))))[0].Uuid!.Value;
        await client.CommitAsync(Op.Mutate(Every.Table, [Where.Uuid(uuid)], Mutation.Insert("integers", 3)));
        Assert.Equal([1, 2, 3], client.Snapshot.Find(Every.Table, uuid)!["integers"].AsIntegerSet().Order());
        await client.CommitAsync(Op.Delete(Every.Table, [Where.Uuid(uuid)]));
        Assert.Null(client.Snapshot.Find(Every.Table, uuid));
        Assert.Equal(3, methods.Count);
        Assert.All(methods, message => Assert.Contains("\"method\":\"update2\"", message));
    }

    [Theory]
    [InlineData("shade", "unknown column: No column shade in table Limited.")]
    [InlineData("name", "syntax error: Type mismatch: \"<\" operator may not be applied to column name of type string.")]
    public async Task A_condition_that_cannot_be_is_refused_with_the_servers_reason(string column, string reason)
    {
        await using var between = new Interceptor(every.Server);
        // The library leaves out what the schema lacks, so the server is made to see it.
        between.ToServer = message => message.Replace("\"percent\",\"==\"", $"\"{column}\",\"<\"", StringComparison.Ordinal);
        await using var client = EveryRow.Client(between.Endpoint);
        await client.SyncedAsync(Ct);
        var error = await Assert.ThrowsAsync<OvsdbException>(() =>
            client.ReplaceMonitorAsync([new MonitoredTable(Every.Limited, ["name"], [Where.Equal("percent", 5)])], Ct)
        );
        Assert.StartsWith(reason, error.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_conditions_any_may_hold()
    {
        await using var client = EveryRow.Client(
            every.Server.Endpoint,
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
            await client.CommitAsync(Op.Insert(Every.Table, row));
        }

        await Eventually.Holds("three of them are in the copy", () => client.Snapshot.Table(Every.Table).Count == 3);
    }
}
