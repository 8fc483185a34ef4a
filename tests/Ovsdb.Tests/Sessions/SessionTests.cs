using System.Text.Json.Nodes;
using TestServers;

namespace Ovsdb.Tests;

/// <summary>A client whose server changes while it is connected, or is older than the client.</summary>
public sealed class SessionTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_a_conversion_the_database_is_loaded_with_its_new_schema_on_the_same_connection()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint, [.. Nb.Tables, new MonitoredTable("Static_MAC_Binding", ["ip", "colour"])]);
        await client.SyncedAsync(Ct);
        Assert.Equal(["Static_MAC_Binding.colour"], client.MissingColumns);
        var uuid = Guid.NewGuid();
        await client.CommitAsync(Nb.NewSwitch(uuid, "kept"));
        await using var held = await client.LockAsync("session", Ct);
        await held.HeldAsync(Ct);
        var losses = 0;
        held.Changed += isHeld => losses += isHeld ? 0 : 1;

        await ChildProcess.RunAsync("ovsdb-client", ["convert", server.Endpoint, await SchemaWithColourAsync(server)]);
        await Eventually.Holds("the client has read the new schema", () =>
            client.Schema!.HasColumn("Static_MAC_Binding", "colour") && client.State == OvsdbClientState.Synced
        );
        Assert.Empty(client.MissingColumns);
        Assert.Equal((2, "kept"), (client.Generation, client.Snapshot.Find(Nb.Switch, uuid)!["name"].AsString()));
        await client.CommitAsync(Op.Insert("Static_MAC_Binding", Nb.Row(("ip", "10.0.0.1"), ("colour", "red"))));
        Assert.Equal("red", client.Snapshot.Table("Static_MAC_Binding").Values.Single()["colour"].AsString());
        Assert.Equal((0, true), (losses, held.IsHeld));
    }

    [Fact]
    public async Task A_database_that_is_removed_and_added_is_loaded_again_on_the_same_connection()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = Nb.Client(server.Endpoint);
        await client.SyncedAsync(Ct);
        await client.CommitAsync(Nb.NewSwitch(Guid.NewGuid()));
        await using var held = await client.LockAsync("session", Ct);
        await held.HeldAsync(Ct);
        await server.ControlAsync("ovsdb-server/remove-db", Nb.Name);
        await Eventually.Holds("the replica is stale", () => client.State == OvsdbClientState.Stale);
        var rejected = Assert.IsType<Rejected>(await client.TransactAsync([Nb.NewSwitch(Guid.NewGuid())], Ct));
        Assert.Equal(OvsdbError.UnknownDatabase, rejected.Error.Error);
        await server.ControlAsync("ovsdb-server/add-db", server.Database);
        await client.SyncedAsync(Ct);
        Assert.Equal((2, 1), (client.Generation, client.Snapshot.Table(Nb.Switch).Count));
        await client.CommitAsync(Nb.NewSwitch(Guid.NewGuid()));
        await client.MustAgreeAsync(server.Endpoint);
        Assert.True(held.IsHeld);
    }

    [Fact]
    public async Task A_client_waits_until_the_server_has_the_database()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await server.ControlAsync("ovsdb-server/remove-db", Nb.Name);
        await using var client = new OvsdbClient(
            new OvsdbClientOptions
            {
                Endpoints = OvsdbEndpoint.ParseList(server.Endpoint),
                Database = Nb.Name,
                Monitor = Nb.Tables,
                ConnectTimeout = TimeSpan.FromMilliseconds(200),
            }
        );
        client.Start();
        await Eventually.Holds("the reason is reported", () =>
            client.LastError?.Contains($"did not serve {Nb.Name} within 0.2 s", StringComparison.Ordinal) == true
        );
        await server.ControlAsync("ovsdb-server/add-db", server.Database);
        await client.SyncedAsync(Ct);
    }

    [Fact]
    public async Task A_restarted_server_has_another_id()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var interceptor = new Interceptor(server);
        await using var client = Nb.Client(interceptor.Endpoint);
        await client.SyncedAsync(Ct);
        var first = client.ServerId;
        Assert.NotNull(first);

        interceptor.ToClient = _ => null;
        await Assert.ThrowsAsync<OvsdbNotConnectedException>(() => client.EchoAsync(Ct));
        interceptor.ToClient = message => message;
        await client.SyncedAsync(Ct);
        Assert.Equal(first, client.ServerId);

        await server.KillAsync();
        await Eventually.Holds("the client has noticed the loss", () => client.State == OvsdbClientState.Stale);
        await server.StartAsync();
        await client.SyncedAsync(Ct);
        Assert.NotEqual(first, client.ServerId);
    }

    /// <summary>Open vSwitch before 2.12.</summary>
    [Fact]
    public async Task A_client_uses_monitor_cond_if_the_server_does_not_support_monitor_cond_since()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var interceptor = new Interceptor(server);
        var methods = DisableMethods(interceptor, "monitor_cond_since");
        await MustFollowAsync(interceptor.Endpoint, server.Endpoint);
        Assert.Equal(["monitor", "monitor_cond_since", "monitor_cond"], methods.Distinct());
    }

    /// <summary>
    /// Open vSwitch before 2.6: <c>monitor</c> and <c>update</c> of RFC 7047 §4.1.5–6. A real server has a command that disables the newer
    /// methods.
    /// </summary>
    [Fact]
    public async Task A_client_uses_monitor_if_the_server_does_not_support_monitor_cond()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await server.ControlAsync("ovsdb-server/disable-monitor-cond");
        await using var interceptor = new Interceptor(server);
        var methods = DisableMethods(interceptor);
        await MustFollowAsync(interceptor.Endpoint, server.Endpoint);
        Assert.Equal(["monitor", "monitor_cond_since", "monitor_cond"], methods.Distinct());
        Assert.Equal("monitor", methods[^1]);
    }

    /// <summary>Open vSwitch before 2.9: no <c>_Server</c>, no <c>set_db_change_aware</c>, no <c>get_server_id</c>.</summary>
    [Fact]
    public async Task A_client_follows_a_server_without_the_database_Server()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var interceptor = new Interceptor(server);
        DisableMethods(interceptor, "set_db_change_aware", "get_server_id", "monitor_cond_since");
        await using var client = Nb.Client(interceptor.Endpoint);
        await client.SyncedAsync(Ct);
        Assert.Null(client.ServerId);
        await client.CommitAsync(Nb.NewSwitch(Guid.NewGuid()));
        await client.MustAgreeAsync(server.Endpoint);
    }

    [Fact]
    public void Options_that_can_never_work_are_rejected_immediately()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new OvsdbConnectionOptions { ProbeInterval = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => new OvsdbConnectionOptions { MaxOutstanding = 0 });
        var twice = Assert.Throws<ArgumentException>(() =>
            Nb.Client("unix:/nonexistent/db.sock", [new MonitoredTable(Nb.Switch, ["name", "name"])])
        );
        Assert.Contains(Nb.Switch, twice.Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => Nb.Client("unix:/nonexistent/db.sock", probe: TimeSpan.Zero));
    }

    [Fact]
    public async Task A_disposed_client_rejects_every_call()
    {
        var client = Nb.Client("unix:/nonexistent/db.sock");
        var waiting = client.ReplaceMonitorAsync([], Ct);
        await client.DisposeAsync();
        await client.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.WaitAsync(Eventually.Deadline, Ct));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.SyncedAsync(Ct).WaitAsync(Eventually.Deadline, Ct));
        await Assert.ThrowsAsync<ObjectDisposedException>(() =>
            client.ReplaceMonitorAsync(Nb.Tables, Ct).WaitAsync(Eventually.Deadline, Ct)
        );
        // the tasks fail, not the calls
        var attempts = new[] { client.TransactAsync([Nb.NewSwitch(Guid.NewGuid())], Ct), client.EchoAsync(Ct) };
        await Assert.ThrowsAsync<OvsdbNotConnectedException>(() => attempts[0]);
        await Assert.ThrowsAsync<OvsdbNotConnectedException>(() => attempts[1]);
        var neverStarted = new OvsdbClient(
            new OvsdbClientOptions
            {
                Endpoints = OvsdbEndpoint.ParseList("unix:/nonexistent/db.sock"),
                Database = Nb.Name,
                Monitor = [],
            }
        );
        await neverStarted.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(neverStarted.Start);
    }

    private static async Task MustFollowAsync(string endpoint, string server)
    {
        await using var client = Nb.Client(endpoint);
        await client.SyncedAsync(Ct);
        var (switchUuid, port, deleted) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        var reported = new List<ReplicaChange>();
        client.Changed += reported.Add;
        await client.CommitAsync([
            Nb.NewSwitch(switchUuid),
            .. Nb.NewPort(switchUuid, port, "p", ("external_ids", Nb.Marks(("owner", "a")))),
            .. Nb.NewPort(switchUuid, deleted, "q"),
        ]);
        await client.CommitAsync(Op.Update(Nb.Port, [Where.Uuid(port)], Nb.Row(("name", "r"), ("external_ids", Nb.Marks(("owner", "b"))))));
        await client.CommitAsync(Op.Mutate(Nb.Switch, [Where.Uuid(switchUuid)], Mutation.Delete("ports", deleted)));
        await client.MustAgreeAsync(server);
        Assert.Equal("r", client.Snapshot.ByIndex(Nb.ByOwner.Name, "b").Single()["name"].AsString());
        await Eventually.Holds("the three changes are reported", () => reported.Count(change => !change.Reloaded) == 3);
        var last = reported[^1].Rows.ToDictionary(change => change.Uuid);
        Assert.Equal((2, "q", null), (last.Count, last[deleted].Before?["name"].AsString(), last[deleted].After));

        // Another monitor also works, with each method.
        await client.ReplaceMonitorAsync([new MonitoredTable(Nb.Switch, ["name"])], Ct);
        Assert.Equal((1, 0), (client.Snapshot.Table(Nb.Switch).Count, client.Snapshot.Table(Nb.Port).Count));
        await client.CommitAsync(Nb.NewSwitch(Guid.NewGuid()));
        Assert.Equal(2, client.Snapshot.Table(Nb.Switch).Count);
    }

    /// <summary>Makes methods unknown to the server. Returns the list of requested monitor methods.</summary>
    private static List<string> DisableMethods(Interceptor interceptor, params string[] unknown)
    {
        var requested = new List<string>();
        interceptor.ToServer = message =>
        {
            var request = JsonNode.Parse(message)!;
            if (request["method"]?.GetValue<string>() is not { } method)
            {
                return message;
            }

            if (method.StartsWith("monitor", StringComparison.Ordinal) && !method.EndsWith("cancel", StringComparison.Ordinal))
            {
                requested.Add(method);
            }

            request["method"] = unknown.Contains(method) ? "not_yet" : method;
            return request.ToJsonString();
        };
        return requested;
    }

    private static async Task<string> SchemaWithColourAsync(OvsdbServer server)
    {
        var schema = JsonNode.Parse(await File.ReadAllTextAsync(OvsdbServer.Northbound, Ct))!;
        schema["version"] = "99.0.0";
        schema["tables"]!["Static_MAC_Binding"]!["columns"]!["colour"] = new JsonObject { ["type"] = "string" };
        var path = Path.Combine(server.Folder, "newer.ovsschema");
        await File.WriteAllTextAsync(path, schema.ToJsonString(), Ct);
        return path;
    }
}
