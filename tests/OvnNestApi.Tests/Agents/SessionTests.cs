using System.Net;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Agents;

/// <summary>Of several agents with one key, only the one that was started last, on the host's own machine, is served.</summary>
public sealed class SessionTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task A_later_start_takes_over_and_the_requests_of_the_former_are_refused()
    {
        var former = await AgentAsync("a1");
        var next = former.Through(api);
        (await former.OpenSessionAsync("a1")).Is(HttpStatusCode.OK);
        await former.PassAsync();
        (await next.OpenSessionAsync("a1")).Is(HttpStatusCode.OK);
        Assert.NotEqual(former.Session, next.Session);
        (await former.TryFetchAsync()).IsProblem("session-superseded");
        (await former.TryFetchAsync($"?after={former.Work.Cursor}&wait=10s")).IsProblem("session-superseded");
        (await former.TrySendAsync(former.Report())).IsProblem("session-superseded");
        (await former.TryChecksAsync()).IsProblem("session-superseded");
        (await former.FinishAsync(Guid.NewGuid(), new(3, 3, new(1, 1, 1), null, null))).IsProblem("session-superseded");
        await next.PassAsync();
        Assert.Empty(await next.ChecksAsync());
    }

    [Fact]
    public async Task The_open_poll_of_the_former_agent_ends_when_another_one_takes_over()
    {
        var former = await AgentAsync("a2");
        (await former.OpenSessionAsync("a2")).Is(HttpStatusCode.OK);
        await former.FetchAsync();
        var poll = former.TryFetchAsync($"?after={former.Work.Cursor}&wait=60s");
        await Eventually.Holds("the host is ready", async () =>
            (await api.GetAsync("/v1/hosts/a2")).Text.Contains("\"reason\":\"Ready\"", StringComparison.Ordinal)
        );
        (await former.Through(api).OpenSessionAsync("a2")).Is(HttpStatusCode.OK);
        (await poll.WaitAsync(TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken)).IsProblem("session-superseded");
    }

    [Fact]
    public async Task An_agent_at_another_system_id_is_refused_until_an_admin_allows_it()
    {
        var agent = await AgentAsync("a3");
        (await agent.OpenSessionAsync("machine-1")).Is(HttpStatusCode.OK);
        await agent.FetchAsync();
        await agent.SendAsync(agent.Report() with { SystemId = "machine-1" });

        var copy = agent.Through(api);
        var refused = (await copy.OpenSessionAsync("machine-2")).IsProblem("host-identity");
        Assert.Contains("machine-1", refused.Detail, StringComparison.Ordinal);
        Assert.Contains("machine-2", refused.Detail, StringComparison.Ordinal);
        (await copy.TryFetchAsync()).IsProblem("session-superseded");
        (await agent.TrySendAsync(agent.Report() with { SystemId = "machine-2" })).IsProblem("host-identity");
        await agent.FetchAsync();
        var status = (await api.GetAsync("/v1/hosts/a3")).Json.GetProperty("status").GetProperty("agent");
        Assert.Equal("machine-1", status.GetProperty("systemId").GetString());
        Assert.Equal(refused.Detail, status.GetProperty("refusal").GetString());

        var editor = ("Authorization", $"Bearer {await api.KeyAsync(Role.Editor)}");
        (await api.DeleteAsync("/v1/hosts/a3/session", editor)).IsProblem("forbidden");
        (await api.DeleteAsync("/v1/hosts/a3/session")).Is(HttpStatusCode.NoContent);
        (await copy.OpenSessionAsync("machine-2")).Is(HttpStatusCode.OK);
        (await agent.TryFetchAsync()).IsProblem("session-superseded");
        Assert.False((await api.GetAsync("/v1/hosts/a3")).Json.GetProperty("status").GetProperty("agent").TryGetProperty("refusal", out _));
        (await api.DeleteAsync("/v1/hosts/none/session")).IsProblem("not-found");
    }

    [Fact]
    public async Task A_new_enrolment_allows_another_system_id()
    {
        var agent = await AgentAsync("a4");
        (await agent.OpenSessionAsync("machine-1")).Is(HttpStatusCode.OK);
        var next = await SimulatedAgent.EnrolAsync(api, "a4");
        (await next.OpenSessionAsync("machine-2")).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_refused_agent_is_no_sign_of_life_and_the_silent_host_says_why_it_was_refused()
    {
        var agent = await AgentAsync("a5");
        (await agent.OpenSessionAsync("machine-1")).Is(HttpStatusCode.OK);
        (await agent.Through(api).OpenSessionAsync("machine-2")).IsProblem("host-identity");
        (await agent.Through(api).TryFetchAsync("?wait=1s")).IsProblem("session-superseded");
        (await agent.Through(api).TrySendAsync(agent.Report())).IsProblem("session-superseded");
        await Eventually.Holds("the silent host says why", async () =>
        {
            var status = (await api.GetAsync("/v1/hosts/a5")).Json.GetProperty("status");
            Assert.Equal("HostSilent", status.GetProperty("reason").GetString());
            return status.GetProperty("message").GetString()!.Contains("machine-2", StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task An_agent_without_a_session_is_served_until_one_is_opened()
    {
        var agent = await AgentAsync("a6");
        await agent.PassAsync();
        (await agent.Through(api).OpenSessionAsync("a6")).Is(HttpStatusCode.OK);
        (await agent.TryFetchAsync()).IsProblem("session-superseded");
    }

    [Fact]
    public async Task A_session_stays_valid_if_an_older_database_is_restored_and_a_later_start_still_takes_over()
    {
        var agent = await AgentAsync("a7");
        var former = agent.Through(api);
        (await former.OpenSessionAsync("a7")).Is(HttpStatusCode.OK);
        (await agent.OpenSessionAsync("a7")).Is(HttpStatusCode.OK);
        var (number, id) = (former.Session!.Split('.')[0], Guid.ParseExact(former.Session!.Split('.')[1], "N"));
        await api.ExecuteAsync(
            $"""
            UPDATE host_status SET session_number = {long.Parse(number)}, session_id = {id}
            WHERE host_id = (SELECT id FROM hosts WHERE name = 'a7')
            """
        );
        await agent.PassAsync();
        (await former.TryFetchAsync()).IsProblem("session-superseded");
        var next = agent.Through(api);
        (await next.OpenSessionAsync("a7")).Is(HttpStatusCode.OK);
        (await agent.TryFetchAsync()).IsProblem("session-superseded");
    }

    [Theory]
    [InlineData("""{"id":"0b9f1d7e-6f0e-4b57-9d86-0d0f3c1f5a11","systemId":""}""", "#/systemId")]
    [InlineData("""{"id":"no","systemId":"a"}""", "#/id")]
    public async Task A_body_that_is_not_a_session_is_refused(string body, string pointer)
    {
        var agent = await AgentAsync("a8");
        (await agent.SendSessionAsync(body)).IsProblem("validation-failed", pointer);
    }

    private async Task<SimulatedAgent> AgentAsync(string host)
    {
        await api.PutSpecAsync($"/v1/hosts/{host}");
        return await SimulatedAgent.EnrolAsync(api, host);
    }
}
