namespace Ovsdb.Tests;

/// <summary>RFC 7047 §4.1.1.</summary>
public sealed class ListDatabasesTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    [Fact]
    public async Task All_databases_are_listed_including_Server() =>
        Assert.Equal(["Every", "_Server"], await allTypes.Connection.ListDatabasesAsync(TestContext.Current.CancellationToken));
}
