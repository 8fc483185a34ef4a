using System.Net;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Http;

/// <summary>Failures are reported as what they are, without internal details.</summary>
public sealed class FailureTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task A_commit_whose_response_is_lost_is_reported_as_unknown_and_the_repetition_succeeds()
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
    public async Task An_internal_error_is_reported_without_its_message()
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
    public async Task A_process_that_stops_answers_the_requests_that_wait()
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
    public async Task Concurrent_writes_of_many_clients_never_cause_a_server_error()
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
                        seen.Add(await WriteAsync(random, vms[random.Next(2)], network, other));
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
    public async Task A_container_write_locks_the_network_that_its_VM_has_moved_to_in_the_meantime()
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
    public void Unencrypted_HTTP_is_allowed_only_on_addresses_that_do_not_leave_the_machine(string address, bool isSafe) =>
        Assert.Equal(isSafe, PlainHttp.IsSafe(address));

    /// <summary>Sends one of several writes of a VM, its containers and its network.</summary>
    private Task<ApiResponse> WriteAsync(Random random, string vm, string network, string other)
    {
        var container = $"/v1/vms/{vm}/containers/c{random.Next(3)}";
        var target = random.Next(2) == 0 ? network : other;
        var n = random.Next(1300, 1400);
        return random.Next(8) switch
        {
            0 => api.DeleteAsync(container),
            1 => api.PutAsync(container, $$$"""{"spec":{"vlan":{{{random.Next(50, 53)}}}}}"""),
            2 => api.PutAsync(container, $$$"""{"spec":{"network":"{{{other}}}"}}"""),
            3 => api.PutAsync($"/v1/networks/{network}", $$$$"""{"spec":{"subnet":"10.7.0.0/24","dhcp":{"mtu":{{{{n}}}}}}}"""),
            4 => api.PutAsync($"/v1/vms/{vm}", $$$"""{"labels":{"n":"{{{n}}}"},"spec":{"network":"{{{target}}}"}}"""),
            5 => api.PatchAsync(container, $$$"""{"labels":{"n":"{{{n}}}"}}"""),
            _ => api.PutAsync(container, "{}"),
        };
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var db = api.Open();
        await db.ExecuteAsync(sql, default);
    }
}
