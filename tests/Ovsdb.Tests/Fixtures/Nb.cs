namespace Ovsdb.Tests;

/// <summary>The part of OVN's northbound database that the tests use.</summary>
internal static class Nb
{
    public const string Name = "OVN_Northbound";
    public const string Switch = "Logical_Switch";
    public const string Port = "Logical_Switch_Port";

    public static readonly MonitoredTable[] Tables =
    [
        new(Switch, ["name", "ports", "external_ids", "other_config"]),
        new(Port, ["name", "addresses", "type", "parent_name", "tag_request", "enabled", "external_ids", "options"]),
    ];

    public static readonly ReplicaIndex ByName = ReplicaIndex.ByColumn("port by name", Port, "name");
    public static readonly ReplicaIndex ByOwner = ReplicaIndex.ByMapKey("port by owner", Port, "external_ids", "owner");

    /// <summary>Starts a client that replicates the tables.</summary>
    public static OvsdbClient Client(string endpoint, IReadOnlyList<MonitoredTable>? monitor = null, TimeSpan? probe = null)
    {
        var client = new OvsdbClient(
            new OvsdbClientOptions
            {
                Endpoints = OvsdbEndpoint.ParseList(endpoint),
                Database = Name,
                Monitor = monitor ?? Tables,
                Indexes = [ByName, ByOwner],
                ProbeInterval = probe ?? TimeSpan.FromSeconds(5),
            }
        );
        client.Start();
        return client;
    }

    public static Task<OvsdbConnection> ConnectAsync(string endpoint, OvsdbConnectionOptions? options = null) =>
        OvsdbConnection.ConnectAsync(
            OvsdbEndpoint.Parse(endpoint),
            options ?? new OvsdbConnectionOptions(),
            TestContext.Current.CancellationToken
        );

    public static Dictionary<string, OvsdbValue> Row(params (string Column, OvsdbValue Value)[] columns) =>
        columns.ToDictionary(c => c.Column, c => c.Value);

    public static OvsdbValue Marks(params (string Key, string Value)[] pairs) =>
        OvsdbValue.Map(pairs.ToDictionary(p => p.Key, p => p.Value));

    public static Op NewSwitch(Guid uuid, string name = "s") => Op.Insert(Switch, Row(("name", name)), uuid);

    public static Op[] NewPort(Guid switchUuid, Guid uuid, string name, params (string Column, OvsdbValue Value)[] columns) =>
        [
            Op.Insert(Port, Row([("name", name), .. columns]), uuid),
            Op.Mutate(Switch, [Where.Uuid(switchUuid)], Mutation.Insert("ports", uuid)),
        ];

    /// <summary>Inserts ports named p0, p1, … in transactions of up to 1000 ports, each with a new switch.</summary>
    public static async Task<Guid[]> FillAsync(OvsdbConnection connection, int count)
    {
        var uuids = Enumerable.Range(0, count).Select(_ => Guid.NewGuid()).ToArray();
        foreach (var batch in uuids.Index().Chunk(1000))
        {
            var switchUuid = Guid.NewGuid();
            Op[] ops =
            [
                .. batch.Select(port =>
                    Op.Insert(
                        Port,
                        Row(
                            ("name", $"p{port.Index}"),
                            ("addresses", $"0a:00:00:00:00:00 10.0.{port.Index / 250}.{port.Index % 250}"),
                            ("external_ids", Marks(("owner", $"o{port.Index % 7}"), ("id", $"{port.Item}")))
                        ),
                        port.Item
                    )
                ),
                Op.Insert(
                    Switch,
                    Row(("name", $"s{batch[0].Index}"), ("ports", OvsdbValue.Set(batch.Select(port => port.Item)))),
                    switchUuid
                ),
            ];
            (await connection.TransactAsync(Name, ops, TestContext.Current.CancellationToken)).MustCommit();
        }
        return uuids;
    }

    public static IReadOnlyList<OpResult> MustCommit(this TransactOutcome outcome) =>
        outcome is Committed committed ? committed.Results : throw new InvalidOperationException(outcome.ToString());

    /// <summary>Sends a transaction that must commit.</summary>
    public static async Task<IReadOnlyList<OpResult>> CommitAsync(this OvsdbClient client, params IEnumerable<Op> ops) =>
        (await client.TransactAsync([.. ops], TestContext.Current.CancellationToken)).MustCommit();

    /// <summary>Checks that the replica equals a select of all rows, and that each index equals a scan of the replica.</summary>
    public static async Task MustAgreeAsync(this OvsdbClient client, string endpoint)
    {
        await using var other = await ConnectAsync(endpoint);
        await other.GetSchemaAsync(Name, TestContext.Current.CancellationToken);
        var snapshot = client.Snapshot;
        foreach (var table in Tables)
        {
            var select = await other.TransactAsync(
                Name,
                [Op.Select(table.Table, [], ["_uuid", .. table.Columns])],
                TestContext.Current.CancellationToken
            );
            var rows = select.MustCommit()[0].Rows;
            Assert.Equal(rows.Count, snapshot.Table(table.Table).Count);
            Assert.All(rows, row =>
                Assert.All(table.Columns, column => Assert.Equal(row[column], snapshot.Find(table.Table, row.Uuid)![column]))
            );
        }
        foreach (var index in new[] { ByName, ByOwner })
        {
            var scan = snapshot.Table(Port).Values.Where(row => index.Key(row) is not null).ToLookup(row => index.Key(row)!);
            Assert.Equal(scan.Select(group => group.Key).Order(), snapshot.IndexKeys(index.Name).Order());
            Assert.All(scan, group =>
                Assert.Equal(group.OrderBy(row => row.Uuid), snapshot.ByIndex(index.Name, group.Key).OrderBy(row => row.Uuid))
            );
        }
    }
}
