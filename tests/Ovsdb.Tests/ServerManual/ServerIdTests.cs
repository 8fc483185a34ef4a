namespace Ovsdb.Tests;

/// <summary>ovsdb-server(7) §4.1.17 get_server_id.</summary>
public sealed class ServerIdTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_connections_see_the_same_server_id_until_the_server_restarts()
    {
        var id = await allTypes.Connection.GetServerIdAsync(Ct);
        await using (var other = await allTypes.ConnectAsync())
        {
            Assert.Equal(id, await other.GetServerIdAsync(Ct));
        }

        await allTypes.Server.StopAsync();
        await allTypes.Server.StartAsync();
        await using var next = await allTypes.ConnectAsync();
        Assert.NotEqual(id, await next.GetServerIdAsync(Ct));
    }
}
