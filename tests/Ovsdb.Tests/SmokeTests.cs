using TestServers;

namespace Ovsdb.Tests;

public sealed class SmokeTests
{
    [Fact]
    public async Task A_client_syncs_and_sees_its_own_writes()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = new OvsdbClient(new OvsdbClientOptions
        {
            Endpoints = [OvsdbEndpoint.Parse(server.Endpoint)],
            Database = "OVN_Northbound",
            Monitor = [new MonitoredTable("Logical_Switch", ["name", "ports", "external_ids"]), new MonitoredTable("Logical_Switch_Port", ["name", "addresses", "tag"])],
            Indexes = [ReplicaIndex.ByColumn("ports", "Logical_Switch_Port", "name")],
        });
        client.Start();
        await client.SyncedAsync(TestContext.Current.CancellationToken);
        var (sw, port) = (Guid.NewGuid(), Guid.NewGuid());
        var outcome = await client.TransactAsync(
        [
            Op.Insert("Logical_Switch_Port", new Dictionary<string, OvsdbValue> { ["name"] = "p", ["addresses"] = OvsdbValue.Set(["a", "b"]) }, port),
            Op.Insert("Logical_Switch", new Dictionary<string, OvsdbValue> { ["name"] = "s", ["ports"] = port }, sw),
        ]);
        Assert.True(outcome is Committed, outcome.ToString());
        Assert.Equal("p", client.Snapshot.Find("Logical_Switch_Port", port)!["name"].AsString());
        Assert.Equal(port, Assert.Single(client.Snapshot.ByIndex("ports", "p")).Uuid);
    }
}
