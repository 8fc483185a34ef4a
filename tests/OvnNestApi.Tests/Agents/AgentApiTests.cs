using System.Net;
using System.Text.Json.Nodes;
using Npgsql;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Agents;

/// <summary>Enrolment, work and reports of agents over HTTP.</summary>
public sealed class AgentApiTests(ApiProcess api) : IClassFixture<ApiProcess>
{
    [Fact]
    public async Task An_enrolment_that_is_sent_again_has_the_same_answer_and_another_key_is_refused()
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
    public async Task An_expired_enrolment_token_is_refused()
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
    public async Task The_credential_of_a_host_gives_access_to_its_own_work_and_report_and_to_nothing_else()
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

        // An admin can read the work but cannot send a report.
        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(HttpMethod.Get, "/v1/hosts/l1/work")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await api.SendAsync(HttpMethod.Put, "/v1/hosts/l1/report", report)).Status);
    }

    [Fact]
    public async Task The_old_key_of_a_host_is_valid_until_the_new_one_is_confirmed()
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
    public async Task A_poll_is_answered_with_204_if_the_work_does_not_change_during_the_wait()
    {
        var key = await api.EnrolledAsync("q1");
        var cursor = await CursorAsync("q1", key);
        Assert.Equal(
            HttpStatusCode.NoContent,
            (await api.SendAsync(HttpMethod.Get, $"/v1/hosts/q1/work?after={cursor}&wait=50ms", key: key)).Status
        );
        Assert.Equal(
            HttpStatusCode.OK,
            (await api.SendAsync(HttpMethod.Get, "/v1/hosts/q1/work?after=unknown-cursor&wait=10s", key: key)).Status
        );
    }

    [Fact]
    public async Task A_host_without_contact_is_silent_and_a_host_with_an_open_poll_is_ready()
    {
        var key = await api.EnrolledAsync("s1");
        Assert.Equal("HostSilent", await ReasonAsync());
        var cursor = await CursorAsync("s1", key);
        Assert.Equal("Ready", await Eventually.Becomes("the host is ready", ReasonAsync, reason => reason == "Ready"));

        // The poll is open for longer than the time after which a host is silent.
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
    public async Task A_body_that_is_not_a_report_is_refused(string body)
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
}
