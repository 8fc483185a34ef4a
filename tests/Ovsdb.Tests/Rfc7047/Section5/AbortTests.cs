namespace Ovsdb.Tests.Rfc7047;

/// <summary>RFC 7047 §5.2.8.</summary>
public sealed class AbortTests(Every every) : IClassFixture<Every>
{
    [Fact]
    public async Task Nothing_of_the_transaction_is_done()
    {
        var refusal = await every.RefusalAsync(Op.Insert(Every.Parent, Nb.Row()), Op.Abort(), Op.Comment(""));
        Assert.Equal((1, new OvsdbError(OvsdbError.Aborted, "aborted by request")), (refusal.OpIndex, refusal.Error));
        Assert.Empty((await every.CommitAsync(Op.Select(Every.Parent, [])))[0].Rows);
    }
}
