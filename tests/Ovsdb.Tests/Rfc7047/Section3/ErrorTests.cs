namespace Ovsdb.Tests;

/// <summary>RFC 7047 §3.1 &lt;error&gt; and §4.1.3: the positions and contents of errors.</summary>
public sealed class ErrorTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_error_has_the_servers_kind_details_and_syntax()
    {
        var rejection = await allTypes.RejectionAsync(Op.Insert(AllTypesServer.Table, Nb.Row(("colour", "red"))));
        Assert.Equal(OvsdbError.UnknownColumn, rejection.Error.Error);
        Assert.Equal("""No column colour in table Every. ({"colour":"red"})""", rejection.Error.Details);
        Assert.Equal("""unknown column: No column colour in table Every. ({"colour":"red"})""", rejection.Error.ToString());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_rejection_has_the_index_of_the_failed_operation_and_nothing_is_changed(int place)
    {
        var name = $"place {place}";
        var ops = Enumerable.Range(0, 3).Select(_ => Op.Insert(AllTypesServer.Parent, Nb.Row(("name", name)))).ToArray();
        ops[place] = Op.Abort();
        var rejection = await allTypes.RejectionAsync(ops);
        Assert.Equal(place, rejection.OpIndex);
        Assert.Empty((await allTypes.CommitAsync(Op.Select(AllTypesServer.Parent, [Where.Equal("name", name)])))[0].Rows);
    }

    [Fact]
    public async Task A_failed_commit_has_the_index_after_the_last_operation()
    {
        await allTypes.InsertAsync(AllTypesServer.Limited, ("name", "taken"));
        var rejection = await allTypes.RejectionAsync(
            Op.Comment(""),
            Op.Insert(AllTypesServer.Limited, Nb.Row(("name", "taken"))),
            Op.Comment("")
        );
        Assert.Equal((3, OvsdbError.ConstraintViolation), (rejection.OpIndex, rejection.Error.Error));
    }

    [Fact]
    public async Task A_request_that_is_rejected_as_a_whole_has_the_index_minus_1()
    {
        var rejection = Assert.IsType<Rejected>(await allTypes.Connection.TransactAsync("Nonsense", [Op.Comment("")], Ct));
        Assert.Equal((-1, OvsdbError.UnknownDatabase), (rejection.OpIndex, rejection.Error.Error));
        Assert.StartsWith("transact request specifies unknown database Nonsense", rejection.Error.Details, StringComparison.Ordinal);
    }
}
