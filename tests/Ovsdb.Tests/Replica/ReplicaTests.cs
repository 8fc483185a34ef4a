using System.Diagnostics.Metrics;
using TestServers;

namespace Ovsdb.Tests;

/// <summary>The replica of a client, its conditions and its indexes.</summary>
public sealed class ReplicaTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_index_is_correct_after_two_rows_swap_their_names_in_one_transaction()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint);
        await client.SyncedAsync(Ct);
        var (switchUuid, a, b) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        await client.CommitAsync([Nb.NewSwitch(switchUuid), .. Nb.NewPort(switchUuid, a, "a"), .. Nb.NewPort(switchUuid, b, "b")]);
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
    public async Task A_conditional_monitor_adds_and_removes_rows_when_they_start_or_stop_to_match()
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
        await Eventually.Holds("both changes are reported", () => changes.Count == 3);
        Assert.Equal(
            [(true, false), (false, true)],
            changes.Where(change => change.Uuid == uuid).Select(change => (change.Before is null, change.After is null))
        );
    }

    [Fact]
    public async Task An_empty_list_of_conditions_selects_no_rows_and_can_be_replaced()
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
    public async Task A_caller_receives_the_error_when_the_server_rejects_its_monitor()
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
    public async Task Replacing_a_monitor_succeeds_even_if_the_server_has_already_ended_the_old_one()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var interceptor = new Interceptor(server);
        await using var client = Nb.Client(interceptor.Endpoint);
        await client.SyncedAsync(Ct);
        interceptor.ToServer = message =>
            message.Contains("monitor_cancel", StringComparison.Ordinal)
                ? message.Replace("copy1", "copy0", StringComparison.Ordinal)
                : message;
        await client.ReplaceMonitorAsync([new MonitoredTable("Logical_Router", ["name"])], Ct);
        await client.CommitAsync(Op.Insert("Logical_Router", Nb.Row(("name", "r")), Guid.NewGuid()));
        Assert.Equal((2, 1), (client.Generation, client.Snapshot.Table("Logical_Router").Count));
    }

    [Fact]
    public async Task A_client_follows_a_server_without_transaction_history()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var interceptor = new Interceptor(server);
        interceptor.ToServer = message => message.Replace("monitor_cond_since", "monitor_from_the_future", StringComparison.Ordinal);
        await using var client = Nb.Client(interceptor.Endpoint);
        await client.SyncedAsync(Ct);
        var switchUuid = Guid.NewGuid();
        await client.CommitAsync([Nb.NewSwitch(switchUuid), .. Nb.NewPort(switchUuid, Guid.NewGuid(), "p")]);
        Assert.Single(client.Snapshot.ByIndex(Nb.ByName.Name, "p"));
        await client.MustAgreeAsync(server.Endpoint);
    }

    [Fact]
    public async Task An_update_of_an_unknown_row_makes_the_client_load_the_replica_again()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var interceptor = new Interceptor(server);
        await using var client = Nb.Client(interceptor.Endpoint);
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
        interceptor.ToClient = message =>
        {
            interceptor.ToClient = message => message;
            return message.Replace(uuid.ToString(), Guid.NewGuid().ToString(), StringComparison.Ordinal);
        };
        Assert.IsType<Unknown>(await client.TransactAsync([Op.Update(Nb.Switch, [Where.Uuid(uuid)], Nb.Row(("name", "t")))], Ct));
        await client.SyncedAsync(Ct);
        Assert.Equal((2, "t"), (client.Generation, client.Snapshot.Find(Nb.Switch, uuid)!["name"].AsString()));
        Assert.Contains("unknown row", client.LastError);
        Assert.InRange(Volatile.Read(ref resyncs), 1, long.MaxValue); // resyncs of concurrent tests are also counted
    }

    [Fact]
    public async Task If_a_server_resumes_a_monitor_that_was_never_loaded_the_client_loads_everything()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var interceptor = new Interceptor(server);
        await using var client = Nb.Client(interceptor.Endpoint);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Nb.NewSwitch(Guid.NewGuid()));
        interceptor.ToClient = message =>
        {
            var claimed = message.Replace("\"result\":[false,", "\"result\":[true,", StringComparison.Ordinal);
            if (claimed != message)
            {
                interceptor.ToClient = message => message;
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
