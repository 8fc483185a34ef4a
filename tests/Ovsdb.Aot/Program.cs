using Ovsdb;

using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
await using var client = new OvsdbClient(
    new OvsdbClientOptions
    {
        Endpoints = OvsdbEndpoint.ParseList(args[0]), // unix:/var/run/openvswitch/db.sock, tcp:127.0.0.1:6640, several with commas between them
        Database = "Open_vSwitch",
        Monitor = [new MonitoredTable("Bridge", ["name", "ports", "external_ids"])],
        Indexes = [ReplicaIndex.ByColumn("bridge", "Bridge", "name")],
    }
);
client.Changed += change => Console.WriteLine($"{change.Rows.Count} rows changed"); // watch
client.Start();
await client.SyncedAsync(stop.Token); // connect

var bridge = client.Snapshot.ByIndex("bridge", "br0").Single(); // read
Console.WriteLine($"{bridge["name"].AsString()} has {bridge["ports"].AsUuidSet().Count} ports");

var mark = OvsdbValue.Map(new Dictionary<string, string> { ["owner"] = "me" });
var outcome = await client.TransactAsync(
    [Op.Mutate("Bridge", [Where.Uuid(bridge.Uuid)], Mutation.Insert("external_ids", mark))],
    stop.Token
); // transact
Console.WriteLine(outcome is Committed ? "done" : outcome);
