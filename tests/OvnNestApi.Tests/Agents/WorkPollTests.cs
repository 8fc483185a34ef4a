using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Agents;

/// <summary>A change of the work of a host ends the poll of its agent at once. Without a wake-up, a poll checks again after 20 s.</summary>
public sealed class WorkPollTests
{
    [Fact]
    public async Task A_change_wakes_the_poll_of_its_host_and_of_no_other_host()
    {
        await using var api = await StartAsync();
        var (one, two) = (await HostAsync(api, "one"), await HostAsync(api, "two"));
        await api.PutSpecAsync("/v1/networks/n", """{"subnet":"10.1.0.0/24"}""");
        await api.PutSpecAsync("/v1/vms/a", """{"network":"n","host":"one"}""");
        await one.FetchAsync();
        using var checks = Checks(api);
        var (pollOfOne, pollOfTwo) = (PollAsync(one), PollAsync(two));
        await CheckedAsync(checks, 2);

        var id = await api.ReadAsync(db => db.Hosts.Where(host => host.Name == "two").Select(host => host.Id).SingleAsync());
        var signalOfTwo = api.Services.GetRequiredService<Signals>().Work(id).Next;
        var work = await WokenAsync(pollOfOne, () => api.PutSpecAsync("/v1/vms/a/containers/c1", """{"vlan":51}"""));
        Assert.Equal(51, work.Vms.Single().Containers.Single().Tag);
        Assert.False(signalOfTwo.IsCompleted || pollOfTwo.IsCompleted);

        var other = await WokenAsync(pollOfTwo, () => api.PutSpecAsync("/v1/vms/b", """{"network":"n","host":"two"}"""));
        Assert.Equal("b", other.Vms.Single().Name);
    }

    [Fact]
    public async Task A_change_at_one_process_wakes_a_poll_at_another_process()
    {
        await using var api = await StartAsync();
        await using var replica = new TestApi(api.Database);
        await replica.InitializeAsync();
        await RelayedAsync(replica);
        await api.PutSpecAsync("/v1/networks/n", """{"subnet":"10.2.0.0/24"}""");
        var agent = (await HostAsync(api, "one")).Through(replica);
        using var checks = Checks(api);
        var poll = PollAsync(agent);
        await CheckedAsync(checks, 1);

        var work = await WokenAsync(poll, () => api.PutSpecAsync("/v1/vms/a", """{"network":"n","host":"one"}"""));
        Assert.Equal("a", work.Vms.Single().Name);
    }

    [Fact]
    public async Task An_option_that_is_set_or_withdrawn_is_new_work_for_the_hosts_of_the_network()
    {
        await using var api = await StartAsync();
        var agent = await HostAsync(api, "one");
        await api.PutSpecAsync("/v1/networks/n", """{"subnet":"10.1.0.0/24"}""");
        await api.PutSpecAsync("/v1/vms/a", """{"network":"n","host":"one"}""");
        var without = await DigestAsync();
        string[] options =
        [
            """ "dhcp":{"dnsServers":["10.1.0.53"]} """,
            """ "dhcp":{"domainName":"a.example"} """,
            """ "dhcp":{"mtu":1300} """,
            """ "dhcp":{"leaseTime":600} """,
            """ "dhcp":{"enabled":false} """,
            """ "gateway":"10.1.0.254" """,
        ];
        foreach (var option in options)
        {
            await api.PutSpecAsync("/v1/networks/n", $$$"""{"subnet":"10.1.0.0/24",{{{option}}}}""");
            Assert.NotEqual(without, await DigestAsync());

            await api.PutSpecAsync("/v1/networks/n", """{"subnet":"10.1.0.0/24"}""");
            Assert.Equal(without, await DigestAsync());
        }

        async Task<string> DigestAsync()
        {
            await agent.FetchAsync();
            return agent.Work.Vms.Single().Digest;
        }
    }

    private static async Task<TestApi> StartAsync()
    {
        var api = new TestApi();
        await api.InitializeAsync();
        await RelayedAsync(api);
        return api;
    }

    /// <summary>Waits until a process receives the wake-ups of other processes. Its polls check again every 20 s from then on.</summary>
    private static Task<TimeSpan> RelayedAsync(TestApi api) =>
        Eventually.Holds("the process listens for wake-ups", () => api.Services.GetRequiredService<Signals>().IsRelayed);

    /// <summary>Creates a host with an agent that has its current work.</summary>
    private static async Task<SimulatedAgent> HostAsync(TestApi api, string name)
    {
        await api.PutSpecAsync($"/v1/hosts/{name}");
        var agent = await SimulatedAgent.EnrolAsync(api, name);
        await agent.FetchAsync();
        return agent;
    }

    /// <summary>Polls, and returns the work with the time at which it arrived.</summary>
    private static async Task<(HostWork Work, long At)> PollAsync(SimulatedAgent agent)
    {
        var work = await agent.PollAsync();
        return (work, Stopwatch.GetTimestamp());
    }

    /// <summary>Counts how often a poll has compared its cursor with the current work.</summary>
    private static QueryCounter Checks(TestApi api) => new QueryCounter(api.Database, "work_revision").Start();

    /// <summary>Waits until so many polls have found no change. Only a wake-up can end them soon from then on.</summary>
    private static Task<int> CheckedAsync(QueryCounter checks, int polls) =>
        Eventually.Becomes($"{polls} polls wait", () => checks.Count, count => count == polls);

    /// <summary>Makes a change, and returns the work that the poll got less than 1 s after the response to the change.</summary>
    private static async Task<HostWork> WokenAsync(Task<(HostWork Work, long At)> poll, Func<Task> change)
    {
        Assert.False(poll.IsCompleted, "The poll has ended before the change.");
        await change();
        var committed = Stopwatch.GetTimestamp();
        var (work, at) = await poll;
        var delay = Stopwatch.GetElapsedTime(committed, at);
        Assert.True(delay < TimeSpan.FromSeconds(1), $"The poll has ended {delay} after the change.");
        return work;
    }
}
