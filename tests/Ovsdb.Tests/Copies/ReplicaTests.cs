using System.Diagnostics.Metrics;
using TestServers;

namespace Ovsdb.Tests.Copies;

public sealed class ReplicaTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Names_that_two_rows_swap_in_one_transaction_are_right_in_the_index()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint);
        await client.SyncedAsync(Ct);
        var (ofSwitch, a, b) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        await client.CommitAsync([Nb.NewSwitch(ofSwitch), .. Nb.NewPort(ofSwitch, a, "a"), .. Nb.NewPort(ofSwitch, b, "b")]);
        var before = client.Snapshot;
        await client.CommitAsync(
            Op.Update(Nb.Port, [Where.Uuid(a)], Nb.Row(("name", "b"))),
            Op.Update(Nb.Port, [Where.Uuid(b)], Nb.Row(("name", "a")))
        );
        Assert.Equal(b, Assert.Single(client.Snapshot.ByIndex(Nb.ByName.Name, "a")).Uuid);
        Assert.Equal(a, Assert.Single(client.Snapshot.ByIndex(Nb.ByName.Name, "b")).Uuid);
        Assert.Equal(a, Assert.Single(before.ByIndex(Nb.ByName.Name, "a")).Uuid);
    }

    [Fact]
    public async Task A_conditional_copy_gains_and_loses_rows_with_their_mark()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        var mine = Nb.Marks(("owner", "me"));
        await using var client = Nb.Client(
            server.Endpoint,
            [
                new MonitoredTable(
                    Nb.Switch,
                    ["name", "external_ids"],
                    [Where.Includes("external_ids", mine), Where.Equal("name", "special")]
                ),
            ]
        );
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
        Assert.Equal(
            [(true, false), (false, true)],
            changes.Where(change => change.Uuid == uuid).Select(change => (change.Before is null, change.After is null))
        );
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
        await Assert.ThrowsAsync<OvsdbException>(() =>
            client.ReplaceMonitorAsync([new MonitoredTable(Nb.Switch, ["name"], [Where.Equal("name", 5)])], Ct)
        );
        await client.ReplaceMonitorAsync(Nb.Tables, Ct);
        await client.SyncedAsync(Ct);
    }

    [Fact]
    public async Task A_former_monitor_that_the_server_no_longer_has_does_not_fail_the_new_one()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var between = new Interceptor(server);
        await using var client = Nb.Client(between.Endpoint);
        await client.SyncedAsync(Ct);
        between.ToServer = message =>
            message.Contains("monitor_cancel", StringComparison.Ordinal)
                ? message.Replace("copy1", "copy0", StringComparison.Ordinal)
                : message;
        await client.ReplaceMonitorAsync([new MonitoredTable("Logical_Router", ["name"])], Ct);
        await client.CommitAsync(Op.Insert("Logical_Router", Nb.Row(("name", "r")), Guid.NewGuid()));
        Assert.Equal((2, 1), (client.Generation, client.Snapshot.Table("Logical_Router").Count));
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
        var resyncs = 0L;
        using var meter = new MeterListener
        {
            InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument),
        };
        meter.SetMeasurementEventCallback<long>(
            (instrument, count, _, _) => Interlocked.Add(ref resyncs, instrument.Name == "ovsdb.resyncs" ? count : 0)
        );
        meter.Start();
        between.ToClient = message =>
        {
            between.ToClient = same => same;
            return message.Replace(uuid.ToString(), Guid.NewGuid().ToString(), StringComparison.Ordinal);
        };
        Assert.IsType<Unknown>(await client.TransactAsync([Op.Update(Nb.Switch, [Where.Uuid(uuid)], Nb.Row(("name", "t")))], Ct));
        await client.SyncedAsync(Ct);
        Assert.Equal((2, "t"), (client.Generation, client.Snapshot.Find(Nb.Switch, uuid)!["name"].AsString()));
        Assert.Contains("unknown row", client.LastError);
        Assert.InRange(Volatile.Read(ref resyncs), 1, long.MaxValue); // those of tests beside this one count, too
    }

    [Fact]
    public async Task A_server_that_goes_on_with_a_copy_that_was_never_loaded_is_asked_again()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var between = new Interceptor(server);
        await using var client = Nb.Client(between.Endpoint);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Nb.NewSwitch(Guid.NewGuid()));
        between.ToClient = message =>
        {
            var claimed = message.Replace("\"result\":[false,", "\"result\":[true,", StringComparison.Ordinal);
            if (claimed != message)
            {
                between.ToClient = same => same;
            }

            return claimed;
        };
        var wanted = client.ReplaceMonitorAsync([.. Nb.Tables, new MonitoredTable("Logical_Router", ["name"])], Ct);
        await wanted.WaitAsync(Eventually.Deadline, Ct);
        await client.CommitAsync(Op.Insert("Logical_Router", Nb.Row(("name", "r")), Guid.NewGuid()));
        Assert.Single(client.Snapshot.Table("Logical_Router"));
        await client.MustAgreeAsync(server.Endpoint);
    }
}
