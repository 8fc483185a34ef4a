namespace Ovsdb.Tests.ServerManual;

/// <summary>ovsdb-server(5): the database <c>_Server</c>, in which a server tells of itself.</summary>
public sealed class ServerDatabaseTests(Every every) : IClassFixture<Every>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_has_a_row_for_each_database()
    {
        await using var connection = await every.ConnectAsync();
        await connection.GetSchemaAsync("_Server", Ct);
        var rows = (await connection.TransactAsync("_Server", [Op.Select("Database", [])], Ct)).MustCommit()[0].Rows;
        Assert.Equal([Every.Name, "_Server"], rows.Select(row => row["name"].AsString()).Order());
        Assert.All(rows, row =>
            Assert.Equal(("standalone", true, true), (row["model"].AsString(), row["connected"].AsBoolean(), row["leader"].AsBoolean()))
        );
        Assert.All(rows, row => Assert.Null(row["index"].AsOptionalInteger()));
    }

    [Fact]
    public async Task It_cannot_be_written_to()
    {
        var refusal = Assert.IsType<Rejected>(await every.Connection.TransactAsync("_Server", [Op.Delete("Database", [])], Ct));
        Assert.Equal(
            new OvsdbError(OvsdbError.NotAllowed, "delete operation not allowed on table in reserved database _Server"),
            refusal.Error
        );
    }

    [Fact]
    public async Task A_client_follows_it_as_any_other()
    {
        await using var client = new OvsdbClient(
            new OvsdbClientOptions
            {
                Endpoints = [OvsdbEndpoint.Parse(every.Server.Endpoint)],
                Database = "_Server",
                Monitor = [new MonitoredTable("Database", ["name", "model"])],
                Indexes = [ReplicaIndex.ByColumn("by name", "Database", "name")],
            }
        );
        client.Start();
        await client.SyncedAsync(Ct);
        Assert.Equal("standalone", client.Snapshot.ByIndex("by name", Every.Name).Single()["model"].AsString());
    }
}
