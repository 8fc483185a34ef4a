namespace Ovsdb.Tests;

/// <summary>RFC 7047 §5.2.7.</summary>
public sealed class CommitTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Operations_before_and_after_a_commit_operation_are_one_transaction(bool durable)
    {
        var name = $"durable {durable}";
        var results = await allTypes.CommitAsync(
            Op.Insert(AllTypesServer.Parent, Nb.Row(("name", name))),
            Op.Commit(durable),
            Op.Insert(AllTypesServer.Parent, Nb.Row(("name", name)))
        );
        Assert.Equal([true, false, true], results.Select(result => result.Uuid is not null));
        var rejection = await allTypes.RejectionAsync(
            Op.Delete(AllTypesServer.Parent, [Where.Equal("name", name)]),
            Op.Commit(durable),
            Op.Abort()
        );
        Assert.Equal((2, OvsdbError.Aborted), (rejection.OpIndex, rejection.Error.Error));
        Assert.Equal(2, (await allTypes.CommitAsync(Op.Select(AllTypesServer.Parent, [Where.Equal("name", name)])))[0].Rows.Count);
    }
}
