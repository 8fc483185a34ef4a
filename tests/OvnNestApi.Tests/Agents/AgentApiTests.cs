using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Npgsql;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Agents;

/// <summary>What agents ask and tell over HTTP.</summary>
public sealed class AgentApiTests(ApiProcess api) : IClassFixture<ApiProcess>
{
    [Fact]
    public async Task An_enrolment_sent_again_has_the_same_answer_and_another_key_is_refused()
    {
        await api.PutAsync("/v1/hosts/e1", "{}");
        var (status, drawn, _) = await api.SendAsync(HttpMethod.Post, "/v1/hosts/e1/enrolment");
        Assert.Equal(HttpStatusCode.Created, status);
        var token = (string)drawn!["token"]!;
        Assert.Equal((HttpStatusCode.OK, "e1"), await AnswerAsync(token, "mine"));
        Assert.Equal((HttpStatusCode.OK, "e1"), await AnswerAsync(token, "mine"));
        var (refused, problem) = await api.EnrolAsync(token, "another");
        Assert.Equal((HttpStatusCode.Unauthorized, "enrolment-invalid"), (refused, (string)problem!["code"]!));
        Assert.Equal(HttpStatusCode.Unauthorized, (await api.EnrolAsync("nest_unknown", "mine")).Status);
        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(HttpMethod.Get, "/v1/hosts/e1/work", key: "mine")).Status);

        async Task<(HttpStatusCode, string?)> AnswerAsync(string with, string key)
        {
            var (answered, body) = await api.EnrolAsync(with, key);
            return (answered, (string?)body!["host"]);
        }
    }

    [Fact]
    public async Task A_token_is_worth_nothing_after_its_time()
    {
        await api.PutAsync("/v1/hosts/e2", "{}");
        var (_, drawn, _) = await api.SendOkAsync(HttpMethod.Post, "/v1/hosts/e2/enrolment");
        await using (var database = NpgsqlDataSource.Create(api.Database))
        {
            await using var late = database.CreateCommand(
                "UPDATE enrolments SET expires_at = now() WHERE host_id = (SELECT id FROM hosts WHERE name = 'e2')"
            );
            await late.ExecuteNonQueryAsync();
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await api.EnrolAsync((string)drawn!["token"]!, "late")).Status);
    }

    [Fact]
    public async Task A_hosts_credential_opens_its_own_work_and_report_and_nothing_else()
    {
        var key = await api.EnrolledAsync("l1");
        await api.EnrolledAsync("l2");
        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(HttpMethod.Get, "/v1/hosts/l1/work", key: key)).Status);
        var report = """{"cursor":"","systemId":"l1","nbCfg":1,"objects":[],"bridges":[],"removed":[],"unknown":[]}""";
        Assert.Equal(HttpStatusCode.NoContent, (await api.SendAsync(HttpMethod.Put, "/v1/hosts/l1/report", report, key)).Status);
        foreach (var half in new[] { "{}", """{"cursor":""}""", report.Replace("[]", "null", StringComparison.Ordinal), "[]", "null" })
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await api.SendAsync(HttpMethod.Put, "/v1/hosts/l1/report", half, key)).Status);
        }

        Assert.Equal(HttpStatusCode.Forbidden, (await api.SendAsync(HttpMethod.Get, "/v1/hosts/l2/work", key: key)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await api.SendAsync(HttpMethod.Put, "/v1/hosts/l2/report", report, key)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await api.SendAsync(HttpMethod.Post, "/v1/hosts/l1/enrolment", key: key)).Status);
        foreach (
            var path in new[]
            {
                "/v1/hosts",
                "/v1/hosts/l1",
                "/v1/networks",
                "/v1/vms",
                "/v1/containers",
                "/v1/readiness",
                "/v1/vms/x/vlan-leases",
            }
        )
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await api.SendAsync(HttpMethod.Get, path, key: key)).Status);
        }

        // An admin may look, and does not speak for the host.
        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(HttpMethod.Get, "/v1/hosts/l1/work")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await api.SendAsync(HttpMethod.Put, "/v1/hosts/l1/report", report)).Status);
    }

    [Fact]
    public async Task A_rotated_key_works_beside_the_old_one_until_it_is_confirmed()
    {
        var old = await api.EnrolledAsync("r1");
        var body = $"{{\"keySha256\":\"{ApiProcess.Sha256("r1-next")}\"}}";
        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(HttpMethod.Post, "/v1/hosts/r1/credentials", body, old)).Status);
        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(HttpMethod.Get, "/v1/hosts/r1/work", key: old)).Status);
        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(HttpMethod.Post, "/v1/hosts/r1/credentials", body, "r1-next")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await api.SendAsync(HttpMethod.Get, "/v1/hosts/r1/work", key: old)).Status);
        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(HttpMethod.Get, "/v1/hosts/r1/work", key: "r1-next")).Status);
    }

    [Fact]
    public async Task A_change_wakes_the_poll_of_its_host_and_of_no_other()
    {
        var (one, two) = (await api.EnrolledAsync("w1"), await api.EnrolledAsync("w2"));
        await api.PutAsync("/v1/networks/wake", """{"subnet":"10.1.0.0/24"}""");
        await api.PutAsync("/v1/vms/wake1", """{"network":"wake","host":"w1"}""");
        await RelayedAsync(1);
        var atOne = PollAsync("w1", one, await CursorAsync("w1", one));
        var atTwo = PollAsync("w2", two, await CursorAsync("w2", two));
        var (first, (status, work, _)) = await WokenAsync(atOne, () => api.PutAsync("/v1/vms/wake1/containers/c1", """{"vlan":51}"""));
        Assert.Equal((HttpStatusCode.OK, 51), (status, (int)work!["vms"]![0]!["containers"]![0]!["tag"]!));
        Assert.False(atTwo.IsCompleted);

        var (second, (_, other, _)) = await WokenAsync(atTwo, () => api.PutAsync("/v1/vms/wake2", """{"network":"wake","host":"w2"}"""));
        Assert.Equal("wake2", (string)other!["vms"]![0]!["name"]!);
        WithinOneSecond(first, second);
    }

    [Fact]
    public async Task A_poll_is_answered_with_nothing_when_nothing_differs_in_time()
    {
        var key = await api.EnrolledAsync("q1");
        var cursor = await CursorAsync("q1", key);
        Assert.Equal(
            HttpStatusCode.NoContent,
            (await api.SendAsync(HttpMethod.Get, $"/v1/hosts/q1/work?after={cursor}&wait=50ms", key: key)).Status
        );
        Assert.Equal(
            HttpStatusCode.OK,
            (await api.SendAsync(HttpMethod.Get, "/v1/hosts/q1/work?after=of-another-time&wait=10s", key: key)).Status
        );
    }

    [Fact]
    public async Task A_change_made_at_another_process_wakes_the_poll()
    {
        var key = await api.EnrolledAsync("p1");
        await api.PutAsync("/v1/networks/replicas", """{"subnet":"10.2.0.0/24"}""");
        await using var replica = await api.Server.StartReplicaAsync();
        using var agent = replica.ClientFor(key);
        await RelayedAsync(2);
        var cursor = await CursorAsync("p1", key);
        var delays = new List<TimeSpan>();
        for (var i = 0; i < 3; i++)
        {
            var vm = $"/v1/vms/replicated{i}";
            var poll = agent.GetStringAsync(new Uri($"/v1/hosts/p1/work?after={cursor}&wait=30s", UriKind.Relative));
            var (delay, work) = await WokenAsync(poll, () => api.PutAsync(vm, """{"network":"replicas","host":"p1"}"""));
            cursor = (string)JsonNode.Parse(work)!["cursor"]!;
            delays.Add(delay);
        }

        WithinOneSecond([.. delays]);
    }

    [Fact]
    public async Task A_host_is_silent_when_nothing_is_heard_of_it_and_ready_while_a_poll_is_open()
    {
        var key = await api.EnrolledAsync("s1");
        Assert.Equal("HostSilent", await ReasonAsync());
        var cursor = await CursorAsync("s1", key);
        Assert.Equal("Ready", await Eventually.Becomes("the host is heard", ReasonAsync, reason => reason == "Ready"));

        // Longer than the host may be silent: the open poll alone says that it lives.
        var poll = PollAsync("s1", key, cursor, "7s");
        while (!poll.IsCompleted)
        {
            Assert.Equal("Ready", await ReasonAsync());
            await Task.WhenAny(poll, Eventually.Holds("a moment has passed", () => true));
        }

        Assert.Equal("HostSilent", await Eventually.Becomes("the host is silent", ReasonAsync, reason => reason == "HostSilent"));

        async Task<string?> ReasonAsync() => (string?)(await api.SendOkAsync(HttpMethod.Get, "/v1/hosts/s1")).Body!["status"]!["reason"];
    }

    [Theory]
    [InlineData("""{"cursor":""")]
    [InlineData("""[]""")]
    [InlineData("""{"objects":[{"id":"no"}]}""")]
    [InlineData("""{"cursor":"","objects":[null],"bridges":[],"removed":[],"unknown":[]}""")]
    public async Task A_report_that_is_none_is_refused(string body)
    {
        var key = await api.EnrolledAsync("m1");
        Assert.Equal(HttpStatusCode.BadRequest, (await api.SendAsync(HttpMethod.Put, "/v1/hosts/m1/report", body, key)).Status);
    }

    private async Task<string> CursorAsync(string host, string key) =>
        (string)(await api.SendOkAsync(HttpMethod.Get, $"/v1/hosts/{host}/work", key: key)).Body!["cursor"]!;

    private Task<(HttpStatusCode Status, JsonNode? Body, string? ETag)> PollAsync(
        string host,
        string key,
        string cursor,
        string wait = "30s"
    ) => api.SendAsync(HttpMethod.Get, $"/v1/hosts/{host}/work?after={cursor}&wait={wait}", key: key);

    /// <summary>Makes a change while the poll is open; returns the poll's answer and its delay after the change.</summary>
    private static async Task<(TimeSpan Delay, T Answer)> WokenAsync<T>(Task<T> poll, Func<Task> change)
    {
        // The poll reads the work before the change: an answer that it finds at its first look needs no wake-up.
        await Task.Delay(TimeSpan.FromMilliseconds(500));
        Assert.False(poll.IsCompleted, "The poll was answered before the change.");
        await change();
        var start = Stopwatch.GetTimestamp();
        var answer = await poll;
        var delay = Stopwatch.GetElapsedTime(start);
        Assert.True(delay < TimeSpan.FromSeconds(10), $"The poll was answered {delay} after the change.");
        return (delay, answer);
    }

    /// <summary>
    /// Fails if no poll was answered within a second of its change. Without a wake-up a poll looks again after 20 seconds, or after 2
    /// seconds
    /// while its process does not receive the wake-ups of others. A loaded machine may delay some of the answers.
    /// </summary>
    private static void WithinOneSecond(params TimeSpan[] delays) =>
        Assert.True(delays.Min() < TimeSpan.FromSeconds(1), $"The polls were answered {string.Join(", ", delays)} after the changes.");

    /// <summary>Waits until this number of processes receive each other's wake-ups: their polls look again every 20 seconds.</summary>
    private async Task RelayedAsync(int processes)
    {
        await using var database = NpgsqlDataSource.Create(api.Database);
        await Eventually.Holds($"{processes} processes listen for wake-ups", async () =>
        {
            await using var count = database.CreateCommand(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN ovnnest'"
            );
            return (long)(await count.ExecuteScalarAsync())! >= processes;
        });
    }
}
