using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Checks;

/// <summary>A request for a check ends the poll of its host's agent at once. Without a wake-up, a poll looks again after 20 s.</summary>
public sealed class CheckPollTests
{
    [Fact]
    public async Task A_check_wakes_the_poll_of_its_host_at_every_process_and_of_no_other_host()
    {
        await using var api = new TestApi();
        await api.InitializeAsync();
        await using var replica = new TestApi(api.Database);
        await replica.InitializeAsync();
        await RelayedAsync(api);
        await RelayedAsync(replica);
        var (lab, other) = (await CheckedLab.CreateAsync(api), await CheckedLab.CreateAsync(api));
        using var looks = new QueryCounter(api.Database, "FROM checks\nWHERE host_id").Start();
        var (here, there) = (PollAsync(lab.Agent), PollAsync(lab.Agent.Through(replica)));
        var others = PollAsync(other.Agent);
        await Eventually.Becomes("3 polls wait", () => looks.Count, count => count >= 3);

        var check = await lab.PingAsync();
        var requested = Stopwatch.GetTimestamp();
        foreach (var poll in new[] { here, there })
        {
            var (checks, at) = await poll;
            Assert.Equal(check.Id, Assert.Single(checks).Id);
            var delay = Stopwatch.GetElapsedTime(requested, at);
            Assert.True(delay < TimeSpan.FromSeconds(1), $"The poll has ended {delay} after the request.");
        }

        Assert.False(others.IsCompleted);
        var second = await other.PingAsync();
        Assert.Equal(second.Id, Assert.Single((await others).Checks).Id);
    }

    private static Task<TimeSpan> RelayedAsync(TestApi api) =>
        Eventually.Holds("the process listens for wake-ups", () => api.Services.GetRequiredService<Signals>().IsRelayed);

    private static async Task<(IReadOnlyList<HostCheck> Checks, long At)> PollAsync(SimulatedAgent agent)
    {
        var checks = await agent.ChecksAsync("30s");
        return (checks, Stopwatch.GetTimestamp());
    }
}
