namespace Ovsdb.Tests;

/// <summary>RFC 7047 §5.2.10, on a connection that holds no lock.</summary>
public sealed class AssertTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    [Fact]
    public async Task Assert_without_the_lock_fails_with_not_owner()
    {
        var rejection = await allTypes.RejectionAsync(Op.Comment(""), Op.Assert("somebodys"));
        Assert.Equal((1, new OvsdbError(OvsdbError.NotOwner, "Asserted lock somebodys not held.")), (rejection.OpIndex, rejection.Error));
    }
}
