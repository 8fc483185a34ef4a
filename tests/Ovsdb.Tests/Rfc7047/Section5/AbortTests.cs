namespace Ovsdb.Tests;

/// <summary>RFC 7047 §5.2.8.</summary>
public sealed class AbortTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    [Fact]
    public async Task Abort_rejects_the_whole_transaction()
    {
        var rejection = await allTypes.RejectionAsync(Op.Insert(AllTypesServer.Parent, Nb.Row()), Op.Abort(), Op.Comment(""));
        Assert.Equal((1, new OvsdbError(OvsdbError.Aborted, "aborted by request")), (rejection.OpIndex, rejection.Error));
        Assert.Empty((await allTypes.CommitAsync(Op.Select(AllTypesServer.Parent, [])))[0].Rows);
    }
}
