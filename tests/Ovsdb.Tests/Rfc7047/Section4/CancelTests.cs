namespace Ovsdb.Tests;

/// <summary>RFC 7047 §4.1.4. Open vSwitch up to 3.1 does not answer cancelled transactions, so the client ends them itself.</summary>
public sealed class CancelTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Cancelling_a_waiting_transaction_ends_it_in_the_client_and_in_the_server()
    {
        using var cancel = new CancellationTokenSource();
        var mark = Op.Wait(AllTypesServer.Parent, [Where.Equal("name", "mark")], ["name"], "!=", [], timeoutMilliseconds: 60_000);
        var waiting = allTypes.Connection.TransactAsync(
            AllTypesServer.Name,
            [mark, Op.Insert(AllTypesServer.Parent, Nb.Row(("name", "too late")))],
            cancel.Token
        );
        await allTypes.Connection.EchoAsync(Ct);
        await cancel.CancelAsync();
        Assert.Equal(new Unknown("cancelled while waiting for the answer"), await waiting);
        await allTypes.InsertAsync(AllTypesServer.Parent, ("name", "mark"));
        Assert.Empty((await allTypes.CommitAsync(Op.Select(AllTypesServer.Parent, [Where.Equal("name", "too late")])))[0].Rows);
    }

    [Fact]
    public async Task A_transaction_that_is_cancelled_before_it_is_sent_throws()
    {
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            allTypes.Connection.TransactAsync(AllTypesServer.Name, [Op.Comment("")], cancel.Token)
        );
    }

    [Fact]
    public async Task A_transaction_that_is_cancelled_while_it_waits_to_be_sent_throws()
    {
        await using var connection = await allTypes.ConnectAsync(new OvsdbConnectionOptions { MaxOutstanding = 1 });
        using var cancel = new CancellationTokenSource();
        using var first = new CancellationTokenSource();
        var waiting = connection.TransactAsync(
            AllTypesServer.Name,
            [Op.Wait(AllTypesServer.Limited, [], ["name"], "!=", [], 60_000)],
            first.Token
        );
        var next = connection.TransactAsync(AllTypesServer.Name, [Op.Comment("")], cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        await first.CancelAsync();
        Assert.IsType<Unknown>(await waiting);
        Assert.IsType<Committed>(await connection.TransactAsync(AllTypesServer.Name, [Op.Comment("")], Ct));
    }

    [Fact]
    public async Task A_read_only_request_throws_when_it_is_cancelled()
    {
        await using var connection = await allTypes.ConnectAsync(new OvsdbConnectionOptions { ProbeInterval = TimeSpan.FromMinutes(1) });
        using var cancel = new CancellationTokenSource();
        allTypes.Server.Send(TestServers.Signal.Pause);
        var schema = connection.GetSchemaAsync(AllTypesServer.Name, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => schema);
        allTypes.Server.Send(TestServers.Signal.Continue);
        await connection.EchoAsync(Ct);
    }
}
