using TestServers;

namespace Ovsdb.Tests;

public sealed class TransactTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_repeated_insert_with_a_chosen_uuid_makes_no_second_row()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var connection = await Nb.ConnectAsync(server.Endpoint);
        var uuid = Guid.NewGuid();
        var first = Assert.IsType<Committed>(await connection.TransactAsync(Nb.Name, [Nb.NewSwitch(uuid)], Ct));
        Assert.Equal(uuid, first.Results[0].Uuid);
        var second = Assert.IsType<Rejected>(await connection.TransactAsync(Nb.Name, [Op.Comment("again"), Nb.NewSwitch(uuid)], Ct));
        Assert.Equal((OvsdbError.DuplicateUuid, 1), (second.Error.Error, second.OpIndex));
    }

    [Fact]
    public async Task A_guard_that_does_not_hold_rejects_the_whole()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var connection = await Nb.ConnectAsync(server.Endpoint);
        var absent = Op.Wait(Nb.Switch, [Where.Equal("name", "s")], ["name"], "==", []);
        (await connection.TransactAsync(Nb.Name, [absent, Nb.NewSwitch(Guid.NewGuid())], Ct)).MustCommit();
        var rejected = Assert.IsType<Rejected>(await connection.TransactAsync(Nb.Name, [Op.Comment(""), absent, Nb.NewSwitch(Guid.NewGuid())], Ct));
        Assert.Equal((OvsdbError.TimedOut, 1), (rejected.Error.Error, rejected.OpIndex));
        Assert.Single((await connection.TransactAsync(Nb.Name, [Op.Select(Nb.Switch, [])], Ct)).MustCommit()[0].Rows);
    }

    [Fact]
    public async Task An_error_at_commit_is_told_as_one_behind_the_last_operation()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var connection = await Nb.ConnectAsync(server.Endpoint);
        var ofSwitch = Guid.NewGuid();
        (await connection.TransactAsync(Nb.Name, [Nb.NewSwitch(ofSwitch), .. Nb.NewPort(ofSwitch, Guid.NewGuid(), "p")], Ct)).MustCommit();
        var rejected = Assert.IsType<Rejected>(await connection.TransactAsync(Nb.Name, Nb.NewPort(ofSwitch, Guid.NewGuid(), "p"), Ct));
        Assert.Equal((OvsdbError.ConstraintViolation, 2), (rejected.Error.Error, rejected.OpIndex));
        Assert.Contains("index on column \"name\"", rejected.Error.Details);
    }

    [Fact]
    public async Task Every_operation_gives_its_result()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var connection = await Nb.ConnectAsync(server.Endpoint);
        var (ofSwitch, port) = (Guid.NewGuid(), Guid.NewGuid());
        var where = new[] { Where.Uuid(port) };
        var results = (await connection.TransactAsync(
            Nb.Name,
            [
                Op.Insert(Nb.Switch, Nb.Row(("name", "s"), ("ports", OvsdbValue.NamedUuid("port"))), ofSwitch),
                Op.Insert(Nb.Port, Nb.Row(("name", "p"), ("tag_request", 5)), uuidName: "port"),
                Op.Update(Nb.Port, [Where.Equal("name", "p")], Nb.Row(("addresses", OvsdbValue.Set(["a", "b"])), ("enabled", true))),
                Op.Mutate(Nb.Port, [Where.Includes("addresses", "a")], Mutation.Add("tag_request", 2), Mutation.Insert("external_ids", Nb.Marks(("k", "v")))),
                Op.Select(Nb.Port, [new Where("tag_request", ">", 6)]),
                Op.Delete(Nb.Port, where),
                Op.Commit(durable: true),
            ],
            Ct)).MustCommit();
        Assert.Equal([0, 0, 1, 1, 0, 0, 0], results.Select(result => result.Count));
        var row = Assert.Single(results[4].Rows);
        Assert.Equal(results[1].Uuid, row.Uuid);
        Assert.Equal(7, row["tag_request"].AsOptionalInteger());
        Assert.Equal(["a", "b"], row["addresses"].AsStringSet());
        Assert.Equal("v", row["external_ids"].AsStringMap()["k"]);
        Assert.True(row["enabled"].AsOptionalBoolean());
        Assert.Null(row["parent_name"].AsOptionalString());
        var aborted = Assert.IsType<Rejected>(await connection.TransactAsync(Nb.Name, [Op.Delete(Nb.Switch, []), Op.Abort()], Ct));
        Assert.Equal((OvsdbError.Aborted, 1), (aborted.Error.Error, aborted.OpIndex));
        var notOwner = Assert.IsType<Rejected>(await connection.TransactAsync(Nb.Name, [Op.Assert("lock")], Ct));
        Assert.Equal(OvsdbError.NotOwner, notOwner.Error.Error);
    }

    [Fact]
    public async Task Text_of_any_kind_comes_back_as_it_went()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var connection = await Nb.ConnectAsync(server.Endpoint);
        string[] texts = ["", " ", "\"\\/\b\f\n\r\t\u0001", "äöü €", "𝄞 \U0001F600", new string('x', 100_000), "<>&'+"];
        (await connection.TransactAsync(Nb.Name, [Op.Insert(Nb.Switch, Nb.Row(("external_ids", Nb.Marks([.. texts.Select((text, i) => ($"{i}", text))]))))], Ct)).MustCommit();
        var row = (await connection.TransactAsync(Nb.Name, [Op.Select(Nb.Switch, [], ["external_ids"])], Ct)).MustCommit()[0].Rows[0];
        Assert.Equal(texts, row["external_ids"].AsStringMap().OrderBy(pair => pair.Key).Select(pair => pair.Value));
    }

    [Fact]
    public async Task With_a_schema_known_what_it_lacks_is_refused_and_empty_maps_are_maps()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var connection = await Nb.ConnectAsync(server.Endpoint);
        await connection.GetSchemaAsync(Nb.Name, Ct);
        Assert.Equal(
            (OvsdbError.UnknownColumn, 1),
            await Refusal(Op.Comment(""), Op.Insert(Nb.Switch, Nb.Row(("colour", "red")))));
        Assert.Equal((OvsdbError.UnknownTable, 0), await Refusal(Op.Delete("Nonsense", [])));
        Assert.Equal((OvsdbError.UnknownColumn, 0), await Refusal(Op.Delete(Nb.Switch, [Where.Equal("colour", "red")])));
        Assert.Equal((OvsdbError.ConstraintViolation, 0), await Refusal(Op.Insert(Nb.Port, Nb.Row(("tag_request", 4096)))));
        Assert.Equal((OvsdbError.ConstraintViolation, 0), await Refusal(Op.Insert(Nb.Port, Nb.Row(("name", OvsdbValue.Set(["a", "b"]))))));
        Assert.Equal((OvsdbError.ConstraintViolation, 0), await Refusal(Op.Insert("ACL", Nb.Row(("direction", "sideways")))));
        (await connection.TransactAsync(Nb.Name, [Op.Insert(Nb.Switch, Nb.Row(("external_ids", OvsdbValue.Empty), ("ports", OvsdbValue.EmptyMap)))], Ct)).MustCommit();

        async Task<(string, int)> Refusal(params Op[] ops) =>
            await connection.TransactAsync(Nb.Name, ops, Ct) is Rejected rejected ? (rejected.Error.Error, rejected.OpIndex) : ("committed", -1);
    }

    [Fact]
    public async Task The_server_tells_of_itself()
    {
        await using var server = await OvsdbServer.StartNewAsync(tcp: true);
        await using var connection = await Nb.ConnectAsync(server.TcpEndpoint);
        Assert.Contains(Nb.Name, await connection.ListDatabasesAsync(Ct));
        var schema = await connection.GetSchemaAsync(Nb.Name, Ct);
        Assert.True(schema.HasColumn(Nb.Port, "tag_request"));
        Assert.False(schema.HasColumn(Nb.Port, "colour"));
        Assert.Equal(4095, schema.Table(Nb.Port)!.TypeOf("tag_request")!.Key.MaxInteger);
        Assert.Equal(Nb.Port, schema.Table(Nb.Switch)!.TypeOf("ports")!.Key.RefTable);
        var error = await Assert.ThrowsAsync<OvsdbException>(() => connection.GetSchemaAsync("Nonsense", Ct));
        Assert.Equal(OvsdbError.UnknownDatabase, error.Error.Error);
        var unknown = Assert.IsType<Rejected>(await connection.TransactAsync("Nonsense", [Op.Comment("")], Ct));
        Assert.Equal((OvsdbError.UnknownDatabase, -1), (unknown.Error.Error, unknown.OpIndex));
        var id = await connection.GetServerIdAsync(Ct);
        await connection.EchoAsync(Ct);
        await server.StopAsync();
        await server.StartAsync();
        await using var next = await Nb.ConnectAsync(server.Endpoint);
        Assert.NotEqual(id, await next.GetServerIdAsync(Ct));
    }

    [Fact]
    public async Task Cancelled_while_it_waits_for_its_answer_its_outcome_is_unknown_and_the_link_lives()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var connection = await Nb.ConnectAsync(server.Endpoint);
        using var cancel = new CancellationTokenSource();
        var waiting = connection.TransactAsync(Nb.Name, [Op.Wait(Nb.Switch, [], ["name"], "!=", [], 60_000)], cancel.Token);
        await connection.EchoAsync(Ct);
        await cancel.CancelAsync();
        Assert.IsType<Unknown>(await waiting);
        await connection.EchoAsync(Ct);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connection.TransactAsync(Nb.Name, [Op.Comment("")], cancel.Token));
    }
}
