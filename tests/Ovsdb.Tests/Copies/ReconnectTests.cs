using TestServers;

namespace Ovsdb.Tests.Copies;

public sealed class ReconnectTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_a_restart_of_the_server_the_copy_is_complete_again_and_tells_only_what_changed_meanwhile()
    {
        await using var server = await OvsdbServer.StartNewAsync(tcp: true);
        await using var client = Nb.Client(server.TcpEndpoint);
        var changes = new List<ReplicaChange>();
        var states = new List<OvsdbClientState>();
        client.Changed += changes.Add;
        client.StateChanged += states.Add;
        await client.SyncedAsync(Ct);
        var (kept, gone, come) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        await client.CommitAsync(Nb.NewSwitch(kept, "kept"), Nb.NewSwitch(gone, "gone"));

        await server.KillAsync();
        await Eventually.Holds("the client knows", () => client.State == OvsdbClientState.Stale);
        Assert.Equal(2, client.Snapshot.Table(Nb.Switch).Count);
        await Assert.ThrowsAsync<OvsdbNotConnectedException>(() => client.TransactAsync([Op.Comment("")], Ct));
        await Eventually.Holds("the reason is known", () => client.LastError is not null);
        await server.StartAsync();
        await client.SyncedAsync(Ct);
        await Eventually.Holds("the load is told", () => changes.Count == 3);
        Assert.True(changes[2].Reloaded);
        Assert.Empty(changes[2].Rows);

        await server.StopAsync();
        await Eventually.Holds("the client knows", () => client.State == OvsdbClientState.Stale);
        await server.StartAsync();
        await using (var other = await Nb.ConnectAsync(server.Endpoint))
        {
            (await other.TransactAsync(Nb.Name, [Op.Delete(Nb.Switch, [Where.Uuid(gone)]), Nb.NewSwitch(come, "come")], Ct)).MustCommit();
        }

        await Eventually.Holds("the copy has it", () =>
            client.Snapshot.Find(Nb.Switch, come) is not null && client.State == OvsdbClientState.Synced
        );
        Assert.Null(client.Snapshot.Find(Nb.Switch, gone));
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
            await Eventually.Becomes("all states are told", states.ToArray, seen => seen.Length == 6)
        );
    }

    [Fact]
    public async Task When_the_database_was_replaced_by_an_empty_one_every_row_is_told_as_deleted()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint);
        await client.SyncedAsync(Ct);
        await using (var connection = await Nb.ConnectAsync(server.Endpoint))
        {
            await Nb.FillAsync(connection, 50);
        }

        await Eventually.Holds("the copy has them", () => client.Snapshot.Table(Nb.Port).Count == 50);
        ReplicaChange? reload = null;
        client.Changed += change => Volatile.Write(ref reload, change.Reloaded ? change : null);
        await server.ReplaceByEmptyAsync();
        await Eventually.Holds("the copy was loaded anew", () => client.Generation == 2 && Volatile.Read(ref reload) is not null);
        Assert.Empty(client.Snapshot.Table(Nb.Port));
        Assert.Empty(client.Snapshot.IndexKeys(Nb.ByName.Name));
        Assert.Equal(51, reload!.Rows.Count);
        Assert.All(reload.Rows, change => Assert.True(change.Before is not null && change.After is null));
    }

    [Fact]
    public async Task A_server_whose_schema_lacks_a_column_and_a_table_is_followed_without_them()
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
        var (ofSwitch, port) = (Guid.NewGuid(), Guid.NewGuid());
        await client.CommitAsync([Nb.NewSwitch(ofSwitch), .. Nb.NewPort(ofSwitch, port, "p")]);
        var row = client.Snapshot.Find(Nb.Port, port)!;
        Assert.Equal(("p", null), (row["name"].AsString(), row["tag_request"].AsOptionalInteger()));
        Assert.False(row.TryGet("tag_request", out _));
        Assert.Empty(client.Snapshot.Table("Not_Yet"));
        var refused = Assert.IsType<Rejected>(
            await client.TransactAsync([Op.Update(Nb.Port, [Where.Uuid(port)], Nb.Row(("tag_request", 5)))], Ct)
        );
        Assert.Equal(OvsdbError.UnknownColumn, refused.Error.Error);

        // Upgraded in place: the same file, the newer schema.
        await server.ReplaceByEmptyAsync();
        await Eventually.Holds("the newer schema is known", () =>
            client.Schema!.HasColumn(Nb.Port, "tag_request") && client.State == OvsdbClientState.Synced
        );
        Assert.Equal(["Not_Yet"], client.MissingColumns);
    }

    [Fact]
    public async Task A_condition_on_a_column_that_the_schema_lacks_holds_for_no_row()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint, [new MonitoredTable(Nb.Switch, ["name"], [Where.Equal("colour", "red")])]);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Nb.NewSwitch(Guid.NewGuid()));
        Assert.Empty(client.Snapshot.Table(Nb.Switch));
    }

    [Fact]
    public async Task A_client_waits_for_a_server_that_is_not_there_yet_and_of_several_takes_one_that_is()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await server.StopAsync();
        await using var client = Nb.Client($"unix:/nonexistent/db.sock,{server.Endpoint}");
        await Eventually.Holds("it has tried", () => client.LastError is not null);
        Assert.Equal(OvsdbClientState.Connecting, client.State);
        await Assert.ThrowsAsync<OvsdbNotConnectedException>(() => client.TransactAsync([Op.Comment("")], Ct));
        await server.StartAsync();
        await client.SyncedAsync(Ct);
    }

    [Fact]
    public async Task Disposing_ends_whatever_waits()
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
    public async Task A_handler_that_fails_does_not_keep_the_others_from_being_told()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint);
        var told = 0;
        client.StateChanged += _ => throw new InvalidOperationException("oops");
        client.Changed += _ => Interlocked.Increment(ref told);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Nb.NewSwitch(Guid.NewGuid()));
        await Eventually.Holds("load and change are told", () => Volatile.Read(ref told) == 2);
        Assert.Contains("oops", client.LastError);
    }
}
