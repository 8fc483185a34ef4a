namespace Ovsdb.Tests.Rfc7047;

/// <summary>RFC 7047 §5.2.10, for a session that holds no lock.</summary>
public sealed class AssertTests(Every every) : IClassFixture<Every>
{
    [Fact]
    public async Task Without_the_lock_it_fails_as_not_owner()
    {
        var refusal = await every.RefusalAsync(Op.Comment(""), Op.Assert("somebodys"));
        Assert.Equal((1, new OvsdbError(OvsdbError.NotOwner, "Asserted lock somebodys not held.")), (refusal.OpIndex, refusal.Error));
    }
}
