using System.Diagnostics;
using System.Net;
using OvnNestApi.Data;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Data;

/// <summary>The database is not available for a while.</summary>
public sealed class DatabaseOutageTests
{
    [Fact]
    public async Task Without_the_database_the_response_is_503_within_a_short_time_and_requests_succeed_again_when_it_is_back()
    {
        await using var postgres = await PostgresServer.StartNewAsync();
        var database = await postgres.CreateDatabaseAsync();
        await using (var db = new NestDb(NestDbRegistration.Options(database)))
        {
            await Microsoft.EntityFrameworkCore.RelationalDatabaseFacadeExtensions.MigrateAsync(db.Database);
        }

        await using var api = new TestApi(database);
        await api.InitializeAsync();
        (await api.PutAsync("/v1/routers/r", "{}")).Is(HttpStatusCode.Created);

        await postgres.KillAsync();
        foreach (
            var send in new Func<Task<ApiResponse>>[]
            {
                () => api.GetAsync("/v1/routers/r"),
                () => api.PutAsync("/v1/routers/s", "{}"),
                () => api.DeleteAsync("/v1/routers/r"),
                () => api.GetAsync("/readyz"),
            }
        )
        {
            var start = Stopwatch.GetTimestamp();
            var answer = (await send()).IsProblem("database-unavailable");
            Assert.True(answer.Json.GetProperty("retryable").GetBoolean() && answer.Headers.ContainsKey("Retry-After"));
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30), $"{Stopwatch.GetElapsedTime(start)}");
            Assert.DoesNotContain("Npgsql", answer.Text, StringComparison.Ordinal);
        }

        (await api.GetAsync("/livez")).Is(HttpStatusCode.OK);
        await postgres.StartAsync();
        await Eventually.Holds("the service is back", async () => (await api.GetAsync("/v1/routers/r")).Status == HttpStatusCode.OK);
        (await api.GetAsync("/v1/routers/s")).IsProblem("not-found");
    }

    [Fact]
    public async Task After_the_sessions_were_terminated_a_request_succeeds_or_is_answered_with_503()
    {
        await using var api = new TestApi();
        await api.InitializeAsync();
        var postgres = await PostgresServer.SharedAsync();
        (await api.PutAsync("/v1/routers/r", "{}")).Is(HttpStatusCode.Created);
        for (var i = 0; i < 5; i++)
        {
            await postgres.CutSessionsAsync(api.Database);
            var answer = await api.PutAsync("/v1/routers/r", $$"""{"description":"{{i}}"}""");
            if (answer.Status != HttpStatusCode.OK)
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
                (
                    await Eventually.Becomes(
                        "the repeat succeeds",
                        () => api.PutAsync("/v1/routers/r", $$"""{"description":"{{i}}"}"""),
                        again => again.Status == HttpStatusCode.OK
                    )
                ).Is(HttpStatusCode.OK);
            }
        }
    }

    [Fact]
    public async Task Statements_that_were_prepared_before_a_migration_are_prepared_again()
    {
        await using var api = new TestApi();
        await api.InitializeAsync();
        await using var migration = Npgsql.NpgsqlDataSource.Create(api.Database);
        for (var i = 0; i < 20; i++)
        {
            (await api.PutAsync("/v1/routers/r", $$"""{"description":"{{i}}"}""")).Is(i == 0 ? HttpStatusCode.Created : HttpStatusCode.OK);
        }

        await using var change = migration.CreateCommand("ALTER TABLE routers ADD COLUMN later integer");
        await change.ExecuteNonQueryAsync();
        for (var i = 0; i < 20; i++)
        {
            (await api.PutAsync("/v1/routers/r", $$"""{"description":"{{i}}"}""")).Is(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task A_database_without_a_schema_is_reported()
    {
        await using var api = new TestApi(await (await PostgresServer.SharedAsync()).CreateDatabaseAsync());
        await api.InitializeAsync();
        (await api.GetAsync("/readyz", ("Authorization", ""))).IsProblem("schema-mismatch");
        (await api.GetAsync("/v1/vms", ("Authorization", "Bearer nest_x"))).IsProblem("schema-mismatch");
    }
}
