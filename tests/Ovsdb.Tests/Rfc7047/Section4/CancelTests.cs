namespace Ovsdb.Tests.Rfc7047;

/// <summary>RFC 7047 §4.1.4. Open vSwitch up to 3.1 does not answer what was cancelled, so it ends here.</summary>
public sealed class CancelTests(Every every) : IClassFixture<Every>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_transaction_that_waits_is_given_up_here_and_by_the_server()
    {
        using var cancel = new CancellationTokenSource();
        var mark = Op.Wait(Every.Parent, [Where.Equal("name", "mark")], ["name"], "!=", [], timeoutMilliseconds: 60_000);
        var waiting = every.Connection.TransactAsync(
            Every.Name,
            [mark, Op.Insert(Every.Parent, Nb.Row(("name", "too late")))],
            cancel.Token
        );
        await every.Connection.EchoAsync(Ct);
        await cancel.CancelAsync();
        Assert.Equal(new Unknown("cancelled while waiting for the answer"), await waiting);
        await every.InsertAsync(Every.Parent, ("name", "mark"));
        Assert.Empty((await every.CommitAsync(Op.Select(Every.Parent, [Where.Equal("name", "too late")])))[0].Rows);
    }

    [Fact]
    public async Task Cancelled_before_it_was_sent_it_throws()
    {
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            every.Connection.TransactAsync(Every.Name, [Op.Comment("")], cancel.Token)
        );
    }

    [Fact]
    public async Task Cancelled_while_it_waits_its_turn_it_throws()
    {
        await using var connection = await every.ConnectAsync(new OvsdbConnectionOptions { MaxOutstanding = 1 });
        using var cancel = new CancellationTokenSource();
        using var first = new CancellationTokenSource();
        var waiting = connection.TransactAsync(Every.Name, [Op.Wait(Every.Limited, [], ["name"], "!=", [], 60_000)], first.Token);
        var next = connection.TransactAsync(Every.Name, [Op.Comment("")], cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        await first.CancelAsync();
        Assert.IsType<Unknown>(await waiting);
        Assert.IsType<Committed>(await connection.TransactAsync(Every.Name, [Op.Comment("")], Ct));
    }

    [Fact]
    public async Task A_request_that_only_reads_throws_whenever_it_is_cancelled()
    {
        await using var connection = await every.ConnectAsync(new OvsdbConnectionOptions { ProbeInterval = TimeSpan.FromMinutes(1) });
        using var cancel = new CancellationTokenSource();
        every.Server.Send(TestServers.Signal.Pause);
        var schema = connection.GetSchemaAsync(Every.Name, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => schema);
        every.Server.Send(TestServers.Signal.Continue);
        await connection.EchoAsync(Ct);
    }
}
