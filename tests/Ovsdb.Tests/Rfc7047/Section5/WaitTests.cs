using TestServers;

namespace Ovsdb.Tests.Rfc7047;

/// <summary>RFC 7047 §5.2.6.</summary>
public sealed class WaitTests(Every every) : IClassFixture<Every>
{
    private static readonly string[] Name = ["name"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_guard_that_does_not_hold_rejects_the_whole_at_once()
    {
        var absent = Op.Wait(Every.Parent, [Where.Equal("name", "guarded")], Name, "==", []);
        var insert = Op.Insert(Every.Parent, Nb.Row(("name", "guarded")));
        await every.CommitAsync(absent, insert);
        var refusal = await every.RefusalAsync(Op.Comment(""), absent, insert);
        Assert.Equal((1, new OvsdbError(OvsdbError.TimedOut, "\"where\" clause test failed")), (refusal.OpIndex, refusal.Error));
        Assert.Single((await every.CommitAsync(Op.Select(Every.Parent, [Where.Equal("name", "guarded")])))[0].Rows);
    }

    [Theory]
    [InlineData("==", true, "a", "b")]
    [InlineData("==", true, "b", "a", "a")]
    [InlineData("==", false, "a")]
    [InlineData("==", false, "a", "b", "c")]
    [InlineData("!=", false, "a", "b")]
    [InlineData("!=", true, "a")]
    public async Task Rows_are_compared_as_a_set(string until, bool holds, params string[] names)
    {
        await using var other = new Every();
        await other.InitializeAsync();
        foreach (var name in (string[])["a", "b"])
        {
            await other.InsertAsync(Every.Parent, ("name", name));
        }

        var outcome = await other.SendAsync(Op.Wait(Every.Parent, [], Name, until, [.. names.Select(name => Nb.Row(("name", name)))]));
        Assert.Equal(holds, outcome is Committed);
    }

    [Fact]
    public async Task A_wait_with_time_holds_the_transaction_until_it_comes_true_and_others_go_on()
    {
        await using var waiter = await every.ConnectAsync();
        var come = Op.Wait(Every.Parent, [Where.Equal("name", "awaited")], Name, "!=", [], timeoutMilliseconds: 60_000);
        var waiting = waiter.TransactAsync(Every.Name, [come, Op.Insert(Every.Parent, Nb.Row(("name", "behind")))], Ct);
        await waiter.EchoAsync(Ct);
        Assert.IsType<Committed>(await waiter.TransactAsync(Every.Name, [Op.Comment("meanwhile")], Ct));
        Assert.False(waiting.IsCompleted);
        await every.InsertAsync(Every.Parent, ("name", "awaited"));
        Assert.IsType<Committed>(await waiting.WaitAsync(Eventually.Deadline, Ct));
    }

    [Fact]
    public async Task A_wait_whose_time_ends_has_timed_out()
    {
        var refusal = await every.RefusalAsync(
            Op.Wait(Every.Parent, [Where.Equal("name", "never")], Name, "!=", [], timeoutMilliseconds: 50)
        );
        Assert.Equal((0, OvsdbError.TimedOut), (refusal.OpIndex, refusal.Error.Error));
    }

    [Fact]
    public async Task Another_comparison_than_equal_and_unequal_is_a_syntax_error()
    {
        var refusal = await every.RefusalAsync(Op.Wait(Every.Parent, [], Name, "<", []));
        Assert.Equal(new OvsdbError(OvsdbError.SyntaxError, "\"until\" must be \"==\" or \"!=\" (\"<\")"), refusal.Error);
    }
}
