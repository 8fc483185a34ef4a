using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Resources;

/// <summary>Number of database round trips of a write, during which it holds locks that other writes wait for.</summary>
public sealed class RoundTripTests(TestApi api) : IClassFixture<TestApi>
{
    // CachedLiveness runs the first two statements for the first request in half a second, and the pool connects only when it has no
    // idle connection.
    private static readonly string[] Shared = ["FROM leader", "s.seen_at > now() - @silent", "CONNECT "];

    [Fact]
    public async Task A_container_is_created_in_nine_round_trips_and_the_commit() => await CreatesAsync(await api.VmAsync(), 9);

    [Fact]
    public async Task A_container_on_a_host_is_created_in_ten_round_trips_and_the_commit()
    {
        var (network, vm, host) = (await api.NetworkAsync(), api.NewName("vm"), api.NewName("host"));
        (await api.PutAsync($"/v1/hosts/{host}", "{}")).IsSuccess();
        (await api.PutAsync($"/v1/vms/{vm}", $$$"""{"spec":{"network":"{{{network}}}","host":"{{{host}}}"}}""")).IsSuccess();
        await CreatesAsync(vm, 10);
    }

    [Fact]
    public async Task A_tag_is_reserved_in_three_round_trips_and_the_commit()
    {
        var vm = await api.VmAsync();
        await PutAsync($"/v1/vms/{vm}/vlan-leases/50", """{"spec":{"owner":"warm-up"}}""");
        IsCount(3, await PutAsync($"/v1/vms/{vm}/vlan-leases/51", """{"spec":{"owner":"a"}}"""));
    }

    // The names differ from those of the other tests: a name that another container has costs one more statement.
    private async Task CreatesAsync(string vm, int roundTrips)
    {
        // CachedLiveness does not know a host that was created in the last half second: its name costs one more statement.
        await Eventually.Holds(
            "the API knows the host",
            async () => (await PutAsync($"/v1/vms/{vm}/containers/{api.NewName("warm-up")}", "{}")).Count == roundTrips,
            TimeSpan.FromSeconds(60)
        );
        for (var i = 0; i < 5; i++)
        {
            IsCount(roundTrips, await PutAsync($"/v1/vms/{vm}/containers/{api.NewName("c")}", "{}"));
        }
    }

    private static void IsCount(int expected, List<string> statements) =>
        Assert.True(
            statements.Count == expected,
            $"Expected {expected} round trips, got {statements.Count}:\n{string.Join("\n--\n", statements)}"
        );

    /// <summary>Creates a resource; returns the commands that the API sent to PostgreSQL for it.</summary>
    private async Task<List<string>> PutAsync(string path, string body)
    {
        var (trace, statements) = (ActivityTraceId.CreateRandom(), new ConcurrentQueue<string>());
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Npgsql" or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.TraceId == trace ? ActivitySamplingResult.AllData : ActivitySamplingResult.None,
            ActivityStopped = activity =>
            {
                if (activity.Source.Name == "Npgsql" && activity.TraceId == trace)
                {
                    statements.Enqueue(activity.GetTagItem("db.query.text") as string ?? activity.DisplayName);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        (await api.PutAsync(path, body, ("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01"))).Is(HttpStatusCode.Created);
        return [.. statements.Where(statement => !Shared.Any(part => statement.Contains(part, StringComparison.Ordinal)))];
    }
}
