using System.Net;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Resources;

/// <summary>The newest incarnation of a name is the one that was stored last.</summary>
public sealed class IncarnationOrderTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task A_write_that_has_waited_for_locks_stores_the_newest_incarnation()
    {
        var (router, network) = (api.NewName(), api.NewName());
        (await api.PutAsync($"/v1/routers/{router}", "{}")).Is(HttpStatusCode.Created);
        await using var db = api.Open();
        await using var transaction = await db.Database.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await db.Database.ExecuteSqlAsync($"SELECT FROM routers WHERE name = {router} FOR UPDATE", TestContext.Current.CancellationToken);
        var waiting = api.PostAsync(
            "/v1/manifests",
            $$"""{"items":[{"kind":"router","name":"{{router}}","description":"x"},{"kind":"network","name":"{{network}}"}]}"""
        );
        await Eventually.Becomes("the manifest waits", IsWaitingAsync, isWaiting => isWaiting);
        (await api.PutAsync($"/v1/networks/{network}", "{}")).Is(HttpStatusCode.Created);
        (await api.DeleteAsync($"/v1/networks/{network}")).Is(HttpStatusCode.Accepted);
        await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        (await waiting).Is(HttpStatusCode.OK);

        // The next incarnation gets the name of the logical switch from the newest one.
        (await api.DeleteAsync($"/v1/networks/{network}")).Is(HttpStatusCode.Accepted);
        (await api.PutAsync($"/v1/networks/{network}", "{}")).Is(HttpStatusCode.Created);

        // In a transaction of its own, because a transaction sees the sessions as they were at its first look.
        Task<bool> IsWaitingAsync() =>
            api.ReadAsync(other =>
                other
                    .Database.SqlQuery<bool>(
                        $"""
                        SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
                            AND query LIKE '%FROM routers%') AS "Value"
                        """
                    )
                    .SingleAsync(TestContext.Current.CancellationToken)
            );
    }
}
