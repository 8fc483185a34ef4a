namespace Ovsdb.Tests.Rfc7047;

/// <summary>RFC 7047 §4.1.1.</summary>
public sealed class ListDatabasesTests(Every every) : IClassFixture<Every>
{
    [Fact]
    public async Task All_databases_of_the_server_are_listed_its_own_included() =>
        Assert.Equal(["Every", "_Server"], await every.Connection.ListDatabasesAsync(TestContext.Current.CancellationToken));
}
