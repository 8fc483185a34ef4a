using System.Net;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Http;

/// <summary>What cannot be helped is told honestly, and tells nothing of the inside.</summary>
public sealed class FailureTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task A_commit_whose_answer_is_lost_is_told_as_unknown_and_the_repeat_succeeds()
    {
        await ExecuteAsync(
            """
            CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN IF NEW.name = 'cut' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON routers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut()
            """
        );
        var answer = (await api.PutAsync("/v1/routers/cut", "{}")).IsProblem("outcome-unknown");
        Assert.True(answer.Json.GetProperty("retryable").GetBoolean() && answer.Headers.ContainsKey("Retry-After"));
        await ExecuteAsync("DROP TRIGGER cut ON routers");
        Assert.Contains((await api.PutAsync("/v1/routers/cut", "{}")).Status, new[] { HttpStatusCode.Created, HttpStatusCode.OK });
    }

    [Fact]
    public async Task A_bug_is_told_as_one_and_its_words_stay_inside()
    {
        await ExecuteAsync(
            """
            CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.name = 'bug' THEN RAISE EXCEPTION 'inner secret';
                END IF; RETURN NEW; END $$;
            CREATE TRIGGER fail BEFORE INSERT ON routers FOR EACH ROW EXECUTE FUNCTION fail()
            """
        );
        var answer = (await api.PutAsync("/v1/routers/bug", "{}")).IsProblem("internal");
        Assert.DoesNotContain("secret", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", answer.Text, StringComparison.Ordinal);
        (await api.GetAsync("/v1/routers/bug")).IsProblem("not-found");
    }

    [Fact]
    public async Task A_process_that_ends_lets_go_of_who_waits()
    {
        var ending = new TestApi();
        await ending.InitializeAsync();
        (await ending.PutAsync("/v1/routers/r", "{}")).IsSuccess();
        var waiting = ending.GetAsync("/v1/routers/r/wait?timeout=60s");
        var writing = ending.PutAsync("/v1/routers/s?wait=60s", "{}");
        await TestServers.Eventually.Holds("the router is stored", async () =>
            (await ending.GetAsync("/v1/routers/s")).Status == HttpStatusCode.OK
        );
        await ending.StopAsync();
        (await waiting).IsProblem("shutting-down");
        (await writing).Is(HttpStatusCode.Accepted);
        await ending.DisposeAsync();
    }

    [Fact]
    public async Task Whatever_many_clients_do_at_once_nobody_gets_a_server_error()
    {
        var (network, other) = (await api.NetworkAsync(), await api.NetworkAsync("""{"subnet":"10.30.0.0/24"}"""));
        var vms = new[] { await api.VmAsync(network), await api.VmAsync(network) };
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 6)
                .Select(async client =>
                {
                    var random = new Random(client);
                    var seen = new List<ApiResponse>();
                    for (var i = 0; i < 25; i++)
                    {
                        var (vm, name) = (vms[random.Next(2)], $"c{random.Next(3)}");
                        seen.Add(
                            await (
                                random.Next(8) switch
                                {
                                    0 => api.DeleteAsync($"/v1/vms/{vm}/containers/{name}"),
                                    1 => api.PutAsync(
                                        $"/v1/vms/{vm}/containers/{name}",
                                        $$$"""{"spec":{"vlan":{{{random.Next(50, 53)}}}}}"""
                                    ),
                                    2 => api.PutAsync($"/v1/vms/{vm}/containers/{name}", $$$"""{"spec":{"network":"{{{other}}}"}}"""),
                                    3 => api.PutAsync(
                                        $"/v1/networks/{network}",
                                        $$$$"""{"spec":{"subnet":"10.7.0.0/24","dhcp":{"mtu":{{{{random.Next(1300, 1400)}}}}}}}"""
                                    ),
                                    4 => api.PutAsync(
                                        $"/v1/vms/{vm}",
                                        $$$"""{"labels":{"n":"{{{i}}}"},"spec":{"network":"{{{(random.Next(2) == 0 ? network : other)}}}"}}"""
                                    ),
                                    5 => api.PatchAsync($"/v1/vms/{vm}/containers/{name}", $$$"""{"labels":{"n":"{{{i}}}"}}"""),
                                    _ => api.PutAsync($"/v1/vms/{vm}/containers/{name}", "{}"),
                                }
                            )
                        );
                    }

                    return seen;
                })
        );
        Assert.DoesNotContain(answers.SelectMany(seen => seen), answer => (int)answer.Status >= 500);
        await using var db = api.Open();
        var doubled = await db.QueryAsync(
            "SELECT vm_id::text FROM vlan_leases WHERE state = 'Bound' GROUP BY vm_id, container_id HAVING count(*) > 1",
            row => row.GetString(0),
            default
        );
        Assert.Empty(doubled);
    }

    [Fact]
    public async Task A_network_that_a_container_only_then_turns_out_to_be_in_stands_still_meanwhile()
    {
        await using var own = new TestApi();
        await own.InitializeAsync();
        var (vm, other) = (await own.VmAsync(), await own.NetworkAsync("""{"subnet":"10.30.0.0/24"}"""));
        await using (var naming = own.Open())
        {
            await naming.Database.BeginTransactionAsync();
            await naming.Database.ExecuteSqlAsync($"LOCK TABLE claimed_names IN EXCLUSIVE MODE");
            await using var moving = own.Open();
            await moving.Database.BeginTransactionAsync();
            await moving.Database.ExecuteSqlAsync(
                $"UPDATE vms SET network_id = (SELECT id FROM networks WHERE name = {other}) WHERE name = {vm}"
            );
            var creating = own.PutAsync($"/v1/vms/{vm}/containers/a", "{}");
            await WaitsAsync("FROM vms");
            await moving.Database.CommitTransactionAsync();
            await WaitsAsync("claimed_names");

            await using var changing = own.Open();
            var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(() =>
                changing.Database.ExecuteSqlAsync($"SELECT FROM networks WHERE name = {other} FOR UPDATE NOWAIT")
            );
            Assert.Equal(Npgsql.PostgresErrorCodes.LockNotAvailable, refused.SqlState);
            await naming.Database.RollbackTransactionAsync();
            Assert.Equal(other, (await creating).Is(HttpStatusCode.Created).Effective.GetProperty("network").GetString());
        }

        Task WaitsAsync(string statement) => TestServers.Eventually.Holds($"a session waits in {statement}", async () =>
            {
                await using var db = own.Open();
                return await db
                    .Database.SqlQuery<bool>(
                        $"""
                        SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
                            AND query LIKE {$"%{statement}%"}) AS "Value"
                        """
                    )
                    .SingleAsync();
            });
    }

    [Theory]
    [InlineData("http://127.0.0.1:80", true)]
    [InlineData("http://[::1]:80", true)]
    [InlineData("http://localhost:80", true)]
    [InlineData("http://unix:/run/api.sock", true)]
    [InlineData("https://0.0.0.0:443", true)]
    [InlineData("http://0.0.0.0:80", false)]
    [InlineData("http://[::]:80", false)]
    [InlineData("http://192.0.2.1:80", false)]
    [InlineData("http://*:80", false)]
    public void Keys_cross_no_network_in_the_clear(string address, bool isSafe) => Assert.Equal(isSafe, PlainHttp.IsSafe(address));

    private async Task ExecuteAsync(string sql)
    {
        await using var db = api.Open();
        await db.ExecuteAsync(sql, default);
    }
}
