namespace Ovsdb.Tests.Rfc7047;

/// <summary>RFC 7047 §5.2.7.</summary>
public sealed class CommitTests(Every every) : IClassFixture<Every>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Operations_before_and_behind_it_are_one_transaction(bool durable)
    {
        var name = $"durable {durable}";
        var results = await every.CommitAsync(
            Op.Insert(Every.Parent, Nb.Row(("name", name))),
            Op.Commit(durable),
            Op.Insert(Every.Parent, Nb.Row(("name", name)))
        );
        Assert.Equal([true, false, true], results.Select(result => result.Uuid is not null));
        var refusal = await every.RefusalAsync(Op.Delete(Every.Parent, [Where.Equal("name", name)]), Op.Commit(durable), Op.Abort());
        Assert.Equal((2, OvsdbError.Aborted), (refusal.OpIndex, refusal.Error.Error));
        Assert.Equal(2, (await every.CommitAsync(Op.Select(Every.Parent, [Where.Equal("name", name)])))[0].Rows.Count);
    }
}
