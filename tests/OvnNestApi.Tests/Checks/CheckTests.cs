using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OvnNestApi.Checks;
using OvnNestApi.Contracts;
using OvnNestApi.Tests.Harness;
using static OvnNestApi.Tests.Checks.CheckedLab;

namespace OvnNestApi.Tests.Checks;

/// <summary>From the request for a check to its result, with a simulated agent.</summary>
public sealed class CheckTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task A_check_is_pending_until_the_agent_of_the_host_sends_its_result()
    {
        var lab = await CreateAsync(api);
        var check = (await lab.PingAsync()).Is(HttpStatusCode.Created);
        Assert.Equal($"{lab.Container}/checks/{check.Id}", check.Headers["Location"]);
        Assert.Equal(("pending", "HostPending"), (Status(check, "state"), Status(check, "reason")));
        Assert.Equal("c51", check.Metadata.GetProperty("container").GetString());

        var given = Assert.Single(await lab.Agent.ChecksAsync());
        var container = (await api.GetAsync(lab.Container)).IsSuccess();
        Assert.Equal(new(check.Id, container.Id, container.Effective.GetProperty("namespace").GetString()!, "172.16.255.129", 3), given);
        Assert.Empty(await lab.Agent.ChecksAsync(running: $"{check.Id}"));

        (await lab.Agent.FinishAsync(check.Id, ThreeReplies)).Is(HttpStatusCode.NoContent);
        var done = await lab.ReadAsync(check);
        Assert.Equal(
            ("done", "3", "3", ""),
            (Status(done, "state"), Status(done, "sent"), Status(done, "received"), Status(done, "message"))
        );
        Assert.Equal("""{"min":0.2,"avg":0.3,"max":0.5}""", Status(done, "roundTripMs"));
        Assert.Null(Status(done, "reason"));
        Assert.Empty(await lab.Agent.ChecksAsync());
    }

    [Theory]
    [InlineData(null, null, "done", "NoReply", "172.16.255.129 has not replied.")]
    [InlineData(null, "10.0.0.2 answered: no.\n", "done", "NoReply", "10.0.0.2 answered: no. ")]
    [InlineData(CheckFailure.NoNamespace, null, "failed", "NoNamespace", null)]
    [InlineData(CheckFailure.NoRoute, null, "failed", "NoRoute", null)]
    [InlineData(CheckFailure.Error, "Broken.", "failed", "Error", "Broken.")]
    public async Task A_check_without_a_reply_has_a_reason_and_a_message(
        CheckFailure? failure,
        string? message,
        string state,
        string reason,
        string? expected
    )
    {
        var lab = await CreateAsync(api);
        var check = await lab.PingAsync();
        await lab.Agent.FinishAsync(check.Id, new(3, 0, null, failure, message));
        var done = await lab.ReadAsync(check);
        Assert.Equal((state, reason), (Status(done, "state"), Status(done, "reason")));
        Assert.Equal(expected ?? Status(done, "message"), Status(done, "message"));
        Assert.NotEqual("", Status(done, "message"));
        Assert.Equal(failure is null ? "3" : null, Status(done, "sent"));
    }

    [Fact]
    public async Task With_wait_the_response_has_the_result_or_is_202_when_the_time_is_over()
    {
        var lab = await CreateAsync(api);
        var late = (await lab.PingAsync(query: "?wait=50ms")).Is(HttpStatusCode.Accepted);
        Assert.Equal("pending", Status(late, "state"));

        var held = lab.PingAsync(query: "?wait=60s");
        var given = Assert.Single(await lab.Agent.ChecksAsync("30s", $"{late.Id}"));
        await lab.Agent.FinishAsync(given.Id, ThreeReplies);
        Assert.Equal("done", Status((await held).Is(HttpStatusCode.Created), "state"));
    }

    [Fact]
    public async Task A_check_without_a_result_fails_after_10_s_and_a_later_result_changes_nothing()
    {
        var lab = await CreateAsync(api);
        var check = await lab.PingAsync();
        await lab.AgeAsync(TimeSpan.FromSeconds(11));
        Assert.Empty(await lab.Agent.ChecksAsync());
        var failed = await lab.ReadAsync(check);
        Assert.Equal(("failed", "HostSilent"), (Status(failed, "state"), Status(failed, "reason")));
        (await lab.Agent.FinishAsync(check.Id, ThreeReplies)).Is(HttpStatusCode.NoContent);
        Assert.Equal(failed.Text, (await lab.ReadAsync(check)).Text);
    }

    [Fact]
    public async Task The_first_result_counts()
    {
        var lab = await CreateAsync(api);
        var check = await lab.PingAsync();
        await lab.Agent.FinishAsync(check.Id, ThreeReplies);
        var done = await lab.ReadAsync(check);
        await lab.Agent.FinishAsync(check.Id, new(3, 0, null, null, null));
        Assert.Equal(done.Text, (await lab.ReadAsync(check)).Text);
    }

    [Fact]
    public async Task A_check_of_a_silent_host_fails_at_once()
    {
        var (host, vm) = (api.NewName("host"), api.NewName("vm"));
        await api.PutSpecAsync($"/v1/hosts/{host}");
        await api.PutSpecAsync($"/v1/vms/{vm}", $$"""{"network":"{{await api.NetworkAsync()}}","host":"{{host}}"}""");
        var check = (await api.PostAsync($"/v1/vms/{vm}/checks?wait=60s", """{"kind":"ping","target":"10.7.0.9"}""")).Is(
            HttpStatusCode.Created
        );
        Assert.Equal(("failed", "HostSilent"), (Status(check, "state"), Status(check, "reason")));
        Assert.Equal($"The agent of host {host} has never contacted the API.", Status(check, "message"));
    }

    [Fact]
    public async Task At_most_32_checks_of_a_host_are_without_a_result_also_if_they_are_requested_at_once()
    {
        var lab = await CreateAsync(api);
        var responses = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => lab.PingAsync()));
        Assert.Equal(32, responses.Count(response => response.Status == HttpStatusCode.Created));
        foreach (var refused in responses.Where(response => response.Status != HttpStatusCode.Created))
        {
            Assert.Equal("1", refused.IsProblem("rate-limited").Headers["Retry-After"]);
        }

        Assert.Equal(32, (await lab.Agent.ChecksAsync()).Count);
        await lab.AgeAsync(TimeSpan.FromSeconds(11));
        (await lab.PingAsync()).Is(HttpStatusCode.Created);
        Assert.Single(await lab.Agent.ChecksAsync());
        Assert.Equal(1, await api.ReadAsync(db => db.Checks.CountAsync(c => c.Host == lab.Agent.Host && c.FinishedAt == null)));
    }

    [Fact]
    public async Task A_repeated_request_with_an_idempotency_key_makes_one_check()
    {
        var lab = await CreateAsync(api);
        var key = ("Idempotency-Key", lab.Vm);
        var first = (await lab.PingAsync("gateway", "", key)).Is(HttpStatusCode.Created);
        Assert.Equal(first.Text, (await lab.PingAsync("gateway", "", key)).Is(HttpStatusCode.Created).Text);
        (await lab.PingAsync("c52", "", key)).IsProblem("idempotency-key-reused");
        Assert.Single(await lab.Agent.ChecksAsync());
    }

    [Fact]
    public async Task A_dry_run_stores_no_check()
    {
        var lab = await CreateAsync(api);
        Assert.Equal("172.16.255.129", Status((await lab.PingAsync(query: "?dryRun=true")).Is(HttpStatusCode.Created), "address"));
        Assert.Empty(await lab.Agent.ChecksAsync());
        (await lab.PingAsync("nothing", "?dryRun=true")).IsProblem("validation-failed", "#/target");
    }

    [Fact]
    public async Task The_list_has_the_checks_of_one_container_newest_first_in_pages()
    {
        var lab = await CreateAsync(api);
        var ids = new List<Guid>();
        for (var i = 0; i < 3; i++)
        {
            ids.Insert(0, (await lab.PingAsync()).Id);
        }

        await api.PostAsync($"/v1/vms/{lab.Vm}/checks", """{"kind":"ping","target":"gateway"}""");
        var page = (await api.GetAsync($"{lab.Container}/checks?limit=2")).IsSuccess();
        var next = (await api.GetAsync($"{lab.Container}/checks?limit=2&cursor={page.Json.GetProperty("next").GetString()}")).IsSuccess();
        Assert.Equal(ids, [.. Ids(page), .. Ids(next)]);
        Assert.False(next.Json.TryGetProperty("next", out _));
        (await api.GetAsync($"{lab.Container}/checks?cursor=c51")).IsProblem("cursor-invalid");
        (await api.GetAsync($"/v1/vms/{lab.Vm}/checks/{ids[0]}")).IsProblem("not-found");
        (await api.GetAsync($"{lab.Container}/checks/1")).IsProblem("not-found");

        static IEnumerable<Guid> Ids(ApiResponse page) =>
            page.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("metadata").GetProperty("id").GetGuid());
    }

    [Fact]
    public async Task Old_checks_are_deleted()
    {
        var lab = await CreateAsync(api);
        var old = await lab.PingAsync();
        await lab.AgeAsync(TimeSpan.FromHours(25));
        var recent = await lab.PingAsync();
        await CheckStore.Retention(TimeSpan.FromDays(1)).PruneAsync(api.Services.GetRequiredService<NpgsqlDataSource>(), default);
        (await api.GetAsync($"{lab.Container}/checks/{old.Id}")).IsProblem("not-found");
        await lab.ReadAsync(recent);
    }
}
