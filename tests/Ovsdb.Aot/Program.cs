using Ovsdb;

using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
await using var client = new OvsdbClient(
    new OvsdbClientOptions
    {
        // For example unix:/var/run/openvswitch/db.sock, or tcp:10.0.0.1:6641,tcp:10.0.0.2:6641.
        Endpoints = OvsdbEndpoint.ParseList(args[0]),
        Database = "Open_vSwitch",
        Monitor = [new MonitoredTable("Bridge", ["name", "ports", "external_ids"])],
        Indexes = [ReplicaIndex.ByColumn("bridge", "Bridge", "name")],
    }
);

// Watch changes, and connect.
client.Changed += change => Console.WriteLine($"{change.Rows.Count} rows changed");
client.Start();
await client.SyncedAsync(timeout.Token);

// Read.
var bridge = client.Snapshot.ByIndex("bridge", "br0").Single();
Console.WriteLine($"{bridge["name"].AsString()} has {bridge["ports"].AsUuidSet().Count} ports");

// Write.
var mark = OvsdbValue.Map(new Dictionary<string, string> { ["owner"] = "me" });
var mutate = Op.Mutate("Bridge", [Where.Uuid(bridge.Uuid)], Mutation.Insert("external_ids", mark));
var outcome = await client.TransactAsync([mutate], timeout.Token);
Console.WriteLine(outcome is Committed ? "done" : outcome);
