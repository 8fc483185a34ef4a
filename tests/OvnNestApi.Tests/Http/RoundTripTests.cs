using System.Diagnostics;
using System.Net;
using TestServers;

namespace OvnNestApi.Tests.Http;

/// <summary>How often a write goes to the database and back, while it holds a lock for which others wait.</summary>
public sealed class RoundTripTests(Api api) : IClassFixture<Api>
{
    [Fact]
    public async Task A_container_is_created_in_nine_round_trips_beside_the_commit() => await CreatesAsync(await api.VmAsync(), 9);

    [Fact]
    public async Task On_a_host_it_is_one_more()
    {
        var (network, vm, host) = (await api.NetworkAsync(), api.NewName("vm"), api.NewName("host"));
        await api.PutAsync($"/v1/hosts/{host}", "{}");
        await api.PutAsync($"/v1/vms/{vm}", $$$"""{"spec":{"network":"{{{network}}}","host":"{{{host}}}"}}""");
        await CreatesAsync(vm, 10);
    }

    [Fact]
    public async Task A_tag_is_reserved_in_three_round_trips_beside_the_commit()
    {
        var vm = await api.VmAsync();
        Assert.InRange(await PutAsync($"/v1/vms/{vm}/vlan-leases/51", """{"spec":{"owner":"a"}}"""), 1, 3);
    }

    // Twice a second the first who asks also reads who is alive.
    private async Task CreatesAsync(string vm, int roundTrips)
    {
        var names = 0;
        await Eventually.Becomes(
            "the usual number of round trips",
            () => PutAsync($"/v1/vms/{vm}/containers/c{names++}", "{}"),
            count => count > 0 && count <= roundTrips
        );
    }

    /// <summary>Creates an object; returns how many commands were sent to PostgreSQL for it.</summary>
    private async Task<int> PutAsync(string path, string body)
    {
        var (trace, count) = (ActivityTraceId.CreateRandom(), 0);
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Npgsql" or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.TraceId == trace ? ActivitySamplingResult.AllData : ActivitySamplingResult.None,
            ActivityStopped = activity => Interlocked.Add(ref count, activity.Source.Name == "Npgsql" && activity.TraceId == trace ? 1 : 0),
        };
        ActivitySource.AddActivityListener(listener);
        (await api.PutAsync(path, body, ("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01"))).Is(HttpStatusCode.Created);
        return count;
    }
}
