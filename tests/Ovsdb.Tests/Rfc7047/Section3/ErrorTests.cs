namespace Ovsdb.Tests.Rfc7047;

/// <summary>RFC 7047 §3.1 &lt;error&gt; and §4.1.3: where errors stand, and what they say.</summary>
public sealed class ErrorTests(Every every) : IClassFixture<Every>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_error_has_the_servers_name_details_and_syntax()
    {
        var refusal = await every.RefusalAsync(Op.Insert(Every.Table, Nb.Row(("colour", "red"))));
        Assert.Equal(OvsdbError.UnknownColumn, refusal.Error.Error);
        Assert.Equal("""No column colour in table Every. ({"colour":"red"})""", refusal.Error.Details);
        Assert.Equal("""unknown column: No column colour in table Every. ({"colour":"red"})""", refusal.Error.ToString());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task An_operation_that_fails_is_told_by_its_place_and_nothing_is_done(int place)
    {
        var name = $"place {place}";
        var ops = Enumerable.Range(0, 3).Select(_ => Op.Insert(Every.Parent, Nb.Row(("name", name)))).ToArray();
        ops[place] = Op.Abort();
        var refusal = await every.RefusalAsync(ops);
        Assert.Equal(place, refusal.OpIndex);
        Assert.Empty((await every.CommitAsync(Op.Select(Every.Parent, [Where.Equal("name", name)])))[0].Rows);
    }

    [Fact]
    public async Task An_error_of_the_commit_is_one_behind_the_last_operation()
    {
        await every.InsertAsync(Every.Limited, ("name", "taken"));
        var refusal = await every.RefusalAsync(Op.Comment(""), Op.Insert(Every.Limited, Nb.Row(("name", "taken"))), Op.Comment(""));
        Assert.Equal((3, OvsdbError.ConstraintViolation), (refusal.OpIndex, refusal.Error.Error));
    }

    [Fact]
    public async Task A_request_that_is_refused_as_a_whole_has_no_place()
    {
        var refusal = Assert.IsType<Rejected>(await every.Connection.TransactAsync("Nonsense", [Op.Comment("")], Ct));
        Assert.Equal((-1, OvsdbError.UnknownDatabase), (refusal.OpIndex, refusal.Error.Error));
        Assert.StartsWith("transact request specifies unknown database Nonsense", refusal.Error.Details, StringComparison.Ordinal);
    }
}
