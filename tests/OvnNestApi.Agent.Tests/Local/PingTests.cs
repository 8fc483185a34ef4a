using OvnNestApi.Agent.Local;
using OvnNestApi.Contracts;
using TestServers;

namespace OvnNestApi.Agent.Tests.Local;

/// <summary>Pings from a real network namespace, which has a link to another one: 10.0.0.1 to 10.0.0.2.</summary>
public sealed class PingTests : IAsyncLifetime
{
    private static readonly Guid Owner = Guid.NewGuid();

    private readonly string _here = $"h{Guid.NewGuid():N}"[..15];
    private readonly string _there = $"t{Guid.NewGuid():N}"[..15];

    public async ValueTask InitializeAsync()
    {
        foreach (var name in new[] { _here, _there })
        {
            await IpAsync("netns", "add", name);
            await IpAsync("-n", name, "link", "set", "lo", "alias", $"ovnnest:{Guid.NewGuid()}:{Owner}");
        }

        await IpAsync("-n", _here, "link", "add", "v1", "type", "veth", "peer", "name", "v2", "netns", _there);
        foreach (var (name, number) in new[] { (_here, 1), (_there, 2) })
        {
            await IpAsync("-n", name, "address", "add", $"10.0.0.{number}/24", "dev", $"v{number}");
            await IpAsync("-n", name, "link", "set", $"v{number}", "up");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await IpAsync("netns", "delete", _here);
        await IpAsync("netns", "delete", _there);
    }

    [Fact]
    public async Task Every_request_to_a_neighbour_is_answered_and_the_round_trip_times_are_in_order()
    {
        var result = await PingAsync("10.0.0.2", count: 5);
        Assert.Equal((5, 5, null, null), (result.Sent, result.Received, result.Failure, result.Message));
        var times = result.RoundTripMs!;
        Assert.True(times is { Min: > 0 } && times.Min <= times.Avg && times.Avg <= times.Max && times.Max < 1000, times.ToString());
    }

    [Fact]
    public async Task Pings_from_one_namespace_at_the_same_time_count_their_own_replies()
    {
        string[] targets = [.. Enumerable.Repeat("10.0.0.2", 8), .. Enumerable.Repeat("10.0.0.9", 8)];
        var results = await Task.WhenAll(targets.Select(target => PingAsync(target, count: 3)));
        Assert.All(results[..8], result => Assert.Equal((3, 3), (result.Sent, result.Received)));
        Assert.All(results[8..], result => Assert.Equal((3, 0), (result.Sent, result.Received)));
    }

    [Fact]
    public async Task An_address_that_does_not_answer_has_no_replies_and_no_times()
    {
        var result = await PingAsync("10.0.0.9");
        Assert.Equal(new CheckResult(3, 0, null, null, null), result);
    }

    [Fact]
    public async Task The_error_of_a_router_is_the_message_of_a_ping_without_replies()
    {
        await IpAsync("netns", "exec", _there, "sysctl", "-qw", "net.ipv4.ip_forward=1");
        await IpAsync("-n", _there, "route", "add", "unreachable", "10.0.9.0/24");
        await IpAsync("-n", _here, "route", "add", "default", "via", "10.0.0.2");
        var result = await PingAsync("10.0.9.1");
        Assert.Equal(new CheckResult(3, 0, null, null, "10.0.0.2 answered: the host is unreachable."), result);
    }

    [Theory]
    [InlineData("192.0.2.1", CheckFailure.NoRoute)]
    [InlineData("10.0.0.255", CheckFailure.Error)] // broadcast
    public async Task A_ping_that_the_kernel_refuses_has_a_failure(string target, CheckFailure failure)
    {
        var result = await PingAsync(target);
        Assert.Equal((0, 0, failure), (result.Sent, result.Received, result.Failure));
    }

    [Fact]
    public async Task Nothing_is_sent_from_a_namespace_that_is_missing_or_has_the_mark_of_another_resource()
    {
        Assert.Equal(CheckFailure.NoNamespace, (await Ping.RunAsync(Check("10.0.0.2", "none"), TimeProvider.System)).Failure);
        var other = Check("10.0.0.2", _here) with { ObjectId = Guid.NewGuid() };
        Assert.Equal(CheckFailure.NoNamespace, (await Ping.RunAsync(other, TimeProvider.System)).Failure);
    }

    private static HostCheck Check(string target, string @namespace, int count = 3) =>
        new(Guid.NewGuid(), Owner, @namespace, target, count);

    private Task<CheckResult> PingAsync(string target, int count = 3) => Ping.RunAsync(Check(target, _here, count), TimeProvider.System);

    private static Task<string> IpAsync(params string[] arguments) => ChildProcess.RunAsync("ip", arguments);
}
