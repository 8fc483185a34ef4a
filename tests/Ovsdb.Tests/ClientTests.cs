using TestServers;

namespace Ovsdb.Tests;

/// <summary>A client that connects, reconnects and is disposed.</summary>
public sealed class ClientTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_a_server_restart_the_replica_is_complete_and_reports_only_the_differences()
    {
        await using var server = await OvsdbServer.StartNewAsync(tcp: true);
        await using var client = Nb.Client(server.TcpEndpoint);
        var changes = new List<ReplicaChange>();
        var states = new List<OvsdbClientState>();
        client.Changed += changes.Add;
        client.StateChanged += states.Add;
        await client.SyncedAsync(Ct);
        var (kept, deleted, inserted) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        await client.CommitAsync(Nb.NewSwitch(kept, "kept"), Nb.NewSwitch(deleted, "deleted"));

        await server.KillAsync();
        await Eventually.Holds("the client has noticed the loss", () => client.State == OvsdbClientState.Stale);
        Assert.Equal(2, client.Snapshot.Table(Nb.Switch).Count);
        await Assert.ThrowsAsync<OvsdbNotConnectedException>(() => client.TransactAsync([Op.Comment("")], Ct));
        await Eventually.Holds("the reason is reported", () => client.LastError is not null);
        await server.StartAsync();
        await client.SyncedAsync(Ct);
        await Eventually.Holds("the load is reported", () => changes.Count == 3);
        Assert.True(changes[2].Reloaded);
        Assert.Empty(changes[2].Rows);

        await server.StopAsync();
        await Eventually.Holds("the client has noticed the loss", () => client.State == OvsdbClientState.Stale);
        await server.StartAsync();
        await using (var other = await Nb.ConnectAsync(server.Endpoint))
        {
            (
                await other.TransactAsync(Nb.Name, [Op.Delete(Nb.Switch, [Where.Uuid(deleted)]), Nb.NewSwitch(inserted, "inserted")], Ct)
            ).MustCommit();
        }

        await Eventually.Holds("the replica has the new row", () =>
            client.Snapshot.Find(Nb.Switch, inserted) is not null && client.State == OvsdbClientState.Synced
        );
        Assert.Null(client.Snapshot.Find(Nb.Switch, deleted));
        Assert.Equal(3, client.Generation);
        await client.MustAgreeAsync(server.Endpoint);
        Assert.Equal(
            [
                OvsdbClientState.Loading,
                OvsdbClientState.Synced,
                OvsdbClientState.Stale,
                OvsdbClientState.Synced,
                OvsdbClientState.Stale,
                OvsdbClientState.Synced,
            ],
            await Eventually.Becomes("all states are reported", states.ToArray, seen => seen.Length == 6)
        );
    }

    [Fact]
    public async Task When_an_empty_database_replaces_the_old_one_every_row_is_reported_as_deleted()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint);
        await client.SyncedAsync(Ct);
        await using (var connection = await Nb.ConnectAsync(server.Endpoint))
        {
            await Nb.FillAsync(connection, 50);
        }

        await Eventually.Holds("the replica has all ports", () => client.Snapshot.Table(Nb.Port).Count == 50);
        ReplicaChange? reload = null;
        client.Changed += change => Volatile.Write(ref reload, change.Reloaded ? change : null);
        await server.ReplaceByEmptyAsync();
        await Eventually.Holds("the replica was loaded again", () => client.Generation == 2 && Volatile.Read(ref reload) is not null);
        Assert.Empty(client.Snapshot.Table(Nb.Port));
        Assert.Empty(client.Snapshot.IndexKeys(Nb.ByName.Name));
        Assert.Equal(51, reload!.Rows.Count);
        Assert.All(reload.Rows, change => Assert.True(change.Before is not null && change.After is null));
    }

    [Fact]
    public async Task A_client_follows_a_server_whose_schema_lacks_a_monitored_table_and_column()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        var older = Path.Combine(server.Folder, "older.ovsschema");
        await File.WriteAllTextAsync(
            older,
            (await File.ReadAllTextAsync(OvsdbServer.Northbound, Ct)).Replace(
                "\"tag_request\"",
                "\"tag_demanded\"",
                StringComparison.Ordinal
            ),
            Ct
        );
        await server.ReplaceByEmptyAsync(older);
        await using var client = Nb.Client(
            server.Endpoint,
            [.. Nb.Tables, new MonitoredTable("Not_Yet", ["name"], [Where.Equal("name", "x")])]
        );
        await client.SyncedAsync(Ct);
        Assert.Equal([$"{Nb.Port}.tag_request", "Not_Yet"], client.MissingColumns);
        var (switchUuid, port) = (Guid.NewGuid(), Guid.NewGuid());
        await client.CommitAsync([Nb.NewSwitch(switchUuid), .. Nb.NewPort(switchUuid, port, "p")]);
        var row = client.Snapshot.Find(Nb.Port, port)!;
        Assert.Equal(("p", null), (row["name"].AsString(), row["tag_request"].AsOptionalInteger()));
        Assert.False(row.TryGet("tag_request", out _));
        Assert.Empty(client.Snapshot.Table("Not_Yet"));
        var rejected = Assert.IsType<Rejected>(
            await client.TransactAsync([Op.Update(Nb.Port, [Where.Uuid(port)], Nb.Row(("tag_request", 5)))], Ct)
        );
        Assert.Equal(OvsdbError.UnknownColumn, rejected.Error.Error);

        // An upgrade: the same file with a newer schema.
        await server.ReplaceByEmptyAsync();
        await Eventually.Holds("the client has read the newer schema", () =>
            client.Schema!.HasColumn(Nb.Port, "tag_request") && client.State == OvsdbClientState.Synced
        );
        Assert.Equal(["Not_Yet"], client.MissingColumns);
    }

    [Fact]
    public async Task A_condition_on_an_unknown_column_matches_no_row()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint, [new MonitoredTable(Nb.Switch, ["name"], [Where.Equal("colour", "red")])]);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Nb.NewSwitch(Guid.NewGuid()));
        Assert.Empty(client.Snapshot.Table(Nb.Switch));
    }

    [Fact]
    public async Task A_client_waits_for_a_server_to_start_and_uses_whichever_endpoint_is_available()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await server.StopAsync();
        await using var client = Nb.Client($"unix:/nonexistent/db.sock,{server.Endpoint}");
        await Eventually.Holds("the client has tried to connect", () => client.LastError is not null);
        Assert.Equal(OvsdbClientState.Connecting, client.State);
        await Assert.ThrowsAsync<OvsdbNotConnectedException>(() => client.TransactAsync([Op.Comment("")], Ct));
        await server.StartAsync();
        await client.SyncedAsync(Ct);
    }

    [Fact]
    public async Task Disposing_a_client_ends_everything_that_waits_for_it()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        var connected = Nb.Client(server.Endpoint);
        await connected.SyncedAsync(Ct);
        var transaction = connected.TransactAsync([Op.Wait(Nb.Switch, [], ["name"], "!=", [], 60_000)], Ct);
        await connected.DisposeAsync();
        Assert.IsType<Unknown>(await transaction);
        var waiting = Nb.Client("unix:/nonexistent/db.sock");
        var synced = waiting.SyncedAsync(Ct);
        await waiting.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => synced);
    }

    [Fact]
    public async Task An_exception_in_an_event_handler_does_not_stop_later_events()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint);
        var reported = 0;
        client.StateChanged += _ => throw new InvalidOperationException("oops");
        client.Changed += _ => Interlocked.Increment(ref reported);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Nb.NewSwitch(Guid.NewGuid()));
        await Eventually.Holds("the load and the change are reported", () => Volatile.Read(ref reported) == 2);
        Assert.Contains("oops", client.LastError);
    }
}
