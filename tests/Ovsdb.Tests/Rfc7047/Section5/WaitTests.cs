using TestServers;

namespace Ovsdb.Tests;

/// <summary>RFC 7047 §5.2.6.</summary>
public sealed class WaitTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    private static readonly string[] Name = ["name"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_wait_without_timeout_rejects_the_transaction_immediately_if_it_does_not_hold()
    {
        var absent = Op.Wait(AllTypesServer.Parent, [Where.Equal("name", "guarded")], Name, "==", []);
        var insert = Op.Insert(AllTypesServer.Parent, Nb.Row(("name", "guarded")));
        await allTypes.CommitAsync(absent, insert);
        var rejection = await allTypes.RejectionAsync(Op.Comment(""), absent, insert);
        Assert.Equal((1, new OvsdbError(OvsdbError.TimedOut, "\"where\" clause test failed")), (rejection.OpIndex, rejection.Error));
        Assert.Single((await allTypes.CommitAsync(Op.Select(AllTypesServer.Parent, [Where.Equal("name", "guarded")])))[0].Rows);
    }

    [Theory]
    [InlineData("==", true, "a", "b")]
    [InlineData("==", true, "b", "a", "a")]
    [InlineData("==", false, "a")]
    [InlineData("==", false, "a", "b", "c")]
    [InlineData("!=", false, "a", "b")]
    [InlineData("!=", true, "a")]
    public async Task Wait_compares_rows_as_a_set(string until, bool holds, params string[] names)
    {
        await using var other = new AllTypesServer();
        await other.InitializeAsync();
        foreach (var name in (string[])["a", "b"])
        {
            await other.InsertAsync(AllTypesServer.Parent, ("name", name));
        }

        var outcome = await other.SendAsync(
            Op.Wait(AllTypesServer.Parent, [], Name, until, [.. names.Select(name => Nb.Row(("name", name)))])
        );
        Assert.Equal(holds, outcome is Committed);
    }

    [Fact]
    public async Task A_wait_with_a_timeout_delays_its_transaction_but_no_other()
    {
        await using var waiter = await allTypes.ConnectAsync();
        var come = Op.Wait(AllTypesServer.Parent, [Where.Equal("name", "awaited")], Name, "!=", [], timeoutMilliseconds: 60_000);
        var waiting = waiter.TransactAsync(AllTypesServer.Name, [come, Op.Insert(AllTypesServer.Parent, Nb.Row(("name", "behind")))], Ct);
        await waiter.EchoAsync(Ct);
        Assert.IsType<Committed>(await waiter.TransactAsync(AllTypesServer.Name, [Op.Comment("meanwhile")], Ct));
        Assert.False(waiting.IsCompleted);
        await allTypes.InsertAsync(AllTypesServer.Parent, ("name", "awaited"));
        Assert.IsType<Committed>(await waiting.WaitAsync(Eventually.Deadline, Ct));
    }

    [Fact]
    public async Task A_wait_that_does_not_become_true_in_time_fails_with_timed_out()
    {
        var rejection = await allTypes.RejectionAsync(
            Op.Wait(AllTypesServer.Parent, [Where.Equal("name", "never")], Name, "!=", [], timeoutMilliseconds: 50)
        );
        Assert.Equal((0, OvsdbError.TimedOut), (rejection.OpIndex, rejection.Error.Error));
    }

    [Fact]
    public async Task A_wait_supports_only_equal_and_not_equal()
    {
        var rejection = await allTypes.RejectionAsync(Op.Wait(AllTypesServer.Parent, [], Name, "<", []));
        Assert.Equal(new OvsdbError(OvsdbError.SyntaxError, "\"until\" must be \"==\" or \"!=\" (\"<\")"), rejection.Error);
    }
}
