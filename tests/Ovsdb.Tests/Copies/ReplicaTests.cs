using TestServers;

namespace Ovsdb.Tests.Copies;

public sealed class ReplicaTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_random_transactions_the_copy_equals_a_fresh_dump_and_its_indexes_a_scan()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint);
        await client.SyncedAsync(Ct);
        var random = new Random(1);
        var (switches, ports) = (new List<Guid>(), new Dictionary<Guid, Guid>());
        for (var round = 0; round < 20; round++)
        {
            for (var i = 0; i < 25; i++)
                await client.TransactAsync([.. Enumerable.Range(0, random.Next(1, 6)).SelectMany(_ => RandomChange(random, switches, ports))], Ct);
            // Those that were rejected were not done; what is there counts.
            switches = [.. client.Snapshot.Table(Nb.Switch).Keys];
            ports = client.Snapshot.Table(Nb.Switch).Values.SelectMany(row => row["ports"].AsUuidSet().Select(port => (port, row.Uuid))).ToDictionary();
            await client.MustAgreeAsync(server.Endpoint);
        }
        Assert.NotEmpty(ports);
        Assert.Equal(1, client.Generation);
    }

    [Fact]
    public async Task The_changes_told_lead_from_one_copy_to_the_next()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint);
        var mirror = new Dictionary<(string, Guid), Row>();
        var wrong = new List<string>();
        ReplicaChange? last = null;
        client.Changed += change =>
        {
            foreach (var (table, uuid, before, after) in change.Rows)
            {
                if (!Equals(mirror.GetValueOrDefault((table, uuid)), before))
                    wrong.Add($"{table} {uuid}: before was {before}");
                if (after is null)
                    mirror.Remove((table, uuid));
                else
                    mirror[(table, uuid)] = after;
            }
            Volatile.Write(ref last, change);
        };
        await client.SyncedAsync(Ct);
        var random = new Random(2);
        var (switches, ports) = (new List<Guid>(), new Dictionary<Guid, Guid>());
        for (var i = 0; i < 200; i++)
            await client.TransactAsync([.. RandomChange(random, switches, ports)], Ct);
        await Eventually.Holds("the last change is told", () => ReferenceEquals(Volatile.Read(ref last)?.Snapshot, client.Snapshot));
        Assert.Empty(wrong);
        Assert.Equal(client.Snapshot.Table(Nb.Port).Count + client.Snapshot.Table(Nb.Switch).Count, mirror.Count);
        Assert.All(mirror, pair => Assert.Equal(pair.Value, client.Snapshot.Find(pair.Key.Item1, pair.Key.Item2)));
    }

    [Fact]
    public async Task Names_that_two_rows_swap_in_one_transaction_are_right_in_the_index()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint);
        await client.SyncedAsync(Ct);
        var (ofSwitch, a, b) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        await client.CommitAsync([Nb.NewSwitch(ofSwitch), .. Nb.NewPort(ofSwitch, a, "a"), .. Nb.NewPort(ofSwitch, b, "b")]);
        var before = client.Snapshot;
        await client.CommitAsync(Op.Update(Nb.Port, [Where.Uuid(a)], Nb.Row(("name", "b"))), Op.Update(Nb.Port, [Where.Uuid(b)], Nb.Row(("name", "a"))));
        Assert.Equal(b, Assert.Single(client.Snapshot.ByIndex(Nb.ByName.Name, "a")).Uuid);
        Assert.Equal(a, Assert.Single(client.Snapshot.ByIndex(Nb.ByName.Name, "b")).Uuid);
        Assert.Equal(a, Assert.Single(before.ByIndex(Nb.ByName.Name, "a")).Uuid);
    }

    [Fact]
    public async Task A_conditional_copy_gains_and_loses_rows_with_their_mark()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        var mine = Nb.Marks(("owner", "me"));
        await using var client = Nb.Client(server.Endpoint, [new MonitoredTable(Nb.Switch, ["name", "external_ids"], [Where.Includes("external_ids", mine), Where.Equal("name", "special")])]);
        var changes = new List<RowChange>();
        client.Changed += change => changes.AddRange(change.Rows);
        await client.SyncedAsync(Ct);
        var uuid = Guid.NewGuid();
        await client.CommitAsync(Nb.NewSwitch(uuid), Nb.NewSwitch(Guid.NewGuid(), "special"));
        Assert.Null(client.Snapshot.Find(Nb.Switch, uuid));
        Assert.Single(client.Snapshot.Table(Nb.Switch));
        await client.CommitAsync(Op.Mutate(Nb.Switch, [Where.Uuid(uuid)], Mutation.Insert("external_ids", mine)));
        Assert.Equal("s", client.Snapshot.Find(Nb.Switch, uuid)!["name"].AsString());
        await client.CommitAsync(Op.Mutate(Nb.Switch, [Where.Uuid(uuid)], Mutation.Delete("external_ids", OvsdbValue.Set(["owner"]))));
        Assert.Null(client.Snapshot.Find(Nb.Switch, uuid));
        await Eventually.Holds("gain and loss are told", () => changes.Count == 3);
        Assert.Equal([(true, false), (false, true)], changes.Where(change => change.Uuid == uuid).Select(change => (change.Before is null, change.After is null)));
    }

    [Fact]
    public async Task No_condition_at_all_means_no_row_and_may_be_replaced_by_others()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint, [new MonitoredTable(Nb.Switch, ["name"], [])]);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Nb.NewSwitch(Guid.NewGuid(), "a"), Nb.NewSwitch(Guid.NewGuid(), "b"));
        Assert.Empty(client.Snapshot.Table(Nb.Switch));
        await client.ReplaceMonitorAsync([new MonitoredTable(Nb.Switch, ["name"], [Where.Equal("name", "a")])], Ct);
        Assert.Equal("a", Assert.Single(client.Snapshot.Table(Nb.Switch).Values)["name"].AsString());
        await client.ReplaceMonitorAsync([new MonitoredTable(Nb.Switch, ["name"], [Where.Equal("name", "b")])], Ct);
        Assert.Equal("b", Assert.Single(client.Snapshot.Table(Nb.Switch).Values)["name"].AsString());
        Assert.Equal(1, client.Generation);
        await client.ReplaceMonitorAsync(Nb.Tables, Ct);
        Assert.Equal(2, client.Snapshot.Table(Nb.Switch).Count);
        await client.CommitAsync(Nb.NewSwitch(Guid.NewGuid(), "c"));
        await client.MustAgreeAsync(server.Endpoint);
        await server.KillAsync();
        await server.StartAsync();
        await client.SyncedAsync(Ct);
        await client.MustAgreeAsync(server.Endpoint);
    }

    [Fact]
    public async Task A_monitor_that_the_server_refuses_is_told_to_whoever_asked_for_it()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint);
        await client.SyncedAsync(Ct);
        await Assert.ThrowsAsync<OvsdbException>(() => client.ReplaceMonitorAsync([new MonitoredTable(Nb.Switch, ["name"], [Where.Equal("name", 5)])], Ct));
        await client.ReplaceMonitorAsync(Nb.Tables, Ct);
        await client.SyncedAsync(Ct);
    }

    [Fact]
    public async Task A_server_without_history_is_followed_all_the_same()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var between = new Interceptor(server);
        between.ToServer = message => message.Replace("monitor_cond_since", "monitor_from_the_future", StringComparison.Ordinal);
        await using var client = Nb.Client(between.Endpoint);
        await client.SyncedAsync(Ct);
        var ofSwitch = Guid.NewGuid();
        await client.CommitAsync([Nb.NewSwitch(ofSwitch), .. Nb.NewPort(ofSwitch, Guid.NewGuid(), "p")]);
        Assert.Single(client.Snapshot.ByIndex(Nb.ByName.Name, "p"));
        await client.MustAgreeAsync(server.Endpoint);
    }

    [Fact]
    public async Task A_change_of_a_row_that_the_copy_lacks_loads_the_copy_anew()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var between = new Interceptor(server);
        await using var client = Nb.Client(between.Endpoint);
        await client.SyncedAsync(Ct);
        var uuid = Guid.NewGuid();
        await client.CommitAsync(Nb.NewSwitch(uuid));
        between.ToClient = message =>
        {
            between.ToClient = same => same;
            return message.Replace(uuid.ToString(), Guid.NewGuid().ToString(), StringComparison.Ordinal);
        };
        Assert.IsType<Unknown>(await client.TransactAsync([Op.Update(Nb.Switch, [Where.Uuid(uuid)], Nb.Row(("name", "t")))], Ct));
        await client.SyncedAsync(Ct);
        Assert.Equal((2, "t"), (client.Generation, client.Snapshot.Find(Nb.Switch, uuid)!["name"].AsString()));
        Assert.Contains("unknown row", client.LastError);
    }

    [Fact]
    public async Task A_change_of_one_row_among_twenty_thousand_copies_no_table()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var connection = await Nb.ConnectAsync(server.Endpoint);
        var uuids = await Nb.FillAsync(connection, 20_000);
        await using var client = Nb.Client(server.Endpoint);
        await client.SyncedAsync(Ct);
        await client.MustAgreeAsync(server.Endpoint);
        await Change(0); // what is made once
        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 1; i <= 100; i++)
            await Change(i);
        var each = (GC.GetTotalAllocatedBytes(precise: true) - before) / 100;
        Assert.True(each < 60_000, $"{each} bytes for each change; a table of 20,000 rows is at least 320,000.");

        Task<IReadOnlyList<OpResult>> Change(int i) =>
            client.CommitAsync(Op.Update(Nb.Port, [Where.Uuid(uuids[i])], Nb.Row(("name", $"q{i}"), ("external_ids", Nb.Marks(("owner", $"n{i}"))))));
    }

    private static Op[] RandomChange(Random random, List<Guid> switches, Dictionary<Guid, Guid> ports)
    {
        if (switches.Count == 0 || random.Next(10) == 0)
        {
            switches.Add(Guid.NewGuid());
            return [Nb.NewSwitch(switches[^1], $"s{random.Next(5)}")];
        }
        if (ports.Count < 3 || random.Next(3) == 0)
        {
            var (ofSwitch, port) = (switches[random.Next(switches.Count)], Guid.NewGuid());
            ports[port] = ofSwitch;
            return Nb.NewPort(ofSwitch, port, $"p{random.Next(60)}", ("external_ids", RandomMarks(random)), ("addresses", RandomSet(random)));
        }
        var chosen = ports.Keys.ElementAt(random.Next(ports.Count));
        var where = new[] { Where.Uuid(chosen) };
        switch (random.Next(8))
        {
            case 0:
                ports.Remove(chosen, out var ofSwitch);
                return [Op.Mutate(Nb.Switch, [Where.Uuid(ofSwitch)], Mutation.Delete("ports", chosen))];
            case 1 when switches.Count > 2:
                var gone = switches[random.Next(switches.Count)];
                switches.Remove(gone);
                return [Op.Delete(Nb.Switch, [Where.Uuid(gone)])];
            case 2:
                return [Op.Update(Nb.Port, where, Nb.Row(("external_ids", RandomMarks(random)), ("options", RandomMarks(random))))];
            case 3:
                return [Op.Mutate(Nb.Port, where, Mutation.Insert("external_ids", RandomMarks(random)), Mutation.Delete("addresses", RandomSet(random)))];
            case 4:
                return [Op.Update(Nb.Port, where, Nb.Row(("tag_request", random.Next(2) == 0 ? OvsdbValue.Empty : random.Next(1, 4095)), ("type", random.Next(2) == 0 ? "" : "router")))];
            case 5:
                return [Op.Update(Nb.Port, where, Nb.Row(("enabled", OvsdbValue.Optional(random.Next(3) switch { 0 => true, 1 => false, _ => null }))))];
            case 6:
                return [Op.Update(Nb.Port, where, Nb.Row(("addresses", RandomSet(random)), ("name", $"p{random.Next(60)}")))];
            default:
                return [Op.Update(Nb.Switch, [Where.Uuid(switches[random.Next(switches.Count)])], Nb.Row(("other_config", RandomMarks(random)), ("name", $"s{random.Next(5)}")))];
        }
    }

    private static OvsdbValue RandomSet(Random random) => OvsdbValue.Set(Enumerable.Range(0, random.Next(4)).Select(_ => $"a{random.Next(6)}"));

    private static OvsdbValue RandomMarks(Random random) =>
        OvsdbValue.Map(Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(4)).Distinct().ToDictionary(k => k == 0 ? "owner" : $"k{k}", _ => $"v{random.Next(4)}"));
}
