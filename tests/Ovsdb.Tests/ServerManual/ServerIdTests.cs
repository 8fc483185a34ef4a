namespace Ovsdb.Tests.ServerManual;

/// <summary>ovsdb-server(7) §4.1.17 get_server_id.</summary>
public sealed class ServerIdTests(Every every) : IClassFixture<Every>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_the_same_for_all_until_the_server_is_started_again()
    {
        var id = await every.Connection.GetServerIdAsync(Ct);
        await using (var other = await every.ConnectAsync())
        {
            Assert.Equal(id, await other.GetServerIdAsync(Ct));
        }

        await every.Server.StopAsync();
        await every.Server.StartAsync();
        await using var next = await every.ConnectAsync();
        Assert.NotEqual(id, await next.GetServerIdAsync(Ct));
    }
}
