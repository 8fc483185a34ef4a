namespace Ovsdb.Tests;

/// <summary>ovsdb-server(5): the database <c>_Server</c>, in which a server reports about itself.</summary>
public sealed class ServerDatabaseTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_database_Server_has_a_row_for_each_database()
    {
        await using var connection = await allTypes.ConnectAsync();
        await connection.GetSchemaAsync("_Server", Ct);
        var rows = (await connection.TransactAsync("_Server", [Op.Select("Database", [])], Ct)).MustCommit()[0].Rows;
        Assert.Equal([AllTypesServer.Name, "_Server"], rows.Select(row => row["name"].AsString()).Order());
        Assert.All(rows, row =>
            Assert.Equal(("standalone", true, true), (row["model"].AsString(), row["connected"].AsBoolean(), row["leader"].AsBoolean()))
        );
        Assert.All(rows, row => Assert.Null(row["index"].AsOptionalInteger()));
    }

    [Fact]
    public async Task The_database_Server_is_read_only()
    {
        var rejection = Assert.IsType<Rejected>(await allTypes.Connection.TransactAsync("_Server", [Op.Delete("Database", [])], Ct));
        Assert.Equal(
            new OvsdbError(OvsdbError.NotAllowed, "delete operation not allowed on table in reserved database _Server"),
            rejection.Error
        );
    }

    [Fact]
    public async Task A_client_can_follow_the_database_Server()
    {
        await using var client = new OvsdbClient(
            new OvsdbClientOptions
            {
                Endpoints = [OvsdbEndpoint.Parse(allTypes.Server.Endpoint)],
                Database = "_Server",
                Monitor = [new MonitoredTable("Database", ["name", "model"])],
                Indexes = [ReplicaIndex.ByColumn("by name", "Database", "name")],
            }
        );
        client.Start();
        await client.SyncedAsync(Ct);
        Assert.Equal("standalone", client.Snapshot.ByIndex("by name", AllTypesServer.Name).Single()["model"].AsString());
    }
}
