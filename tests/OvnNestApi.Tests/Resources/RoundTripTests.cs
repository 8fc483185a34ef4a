using System.Net;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Resources;

/// <summary>Number of database round trips of a write, during which it holds locks that other writes wait for.</summary>
public sealed class RoundTripTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task A_container_is_created_in_ten_round_trips_and_the_commit() => await CreatesAsync(await api.VmAsync(), 10);

    [Fact]
    public async Task A_container_on_a_host_is_created_in_eleven_round_trips_and_the_commit()
    {
        var (network, vm, host) = (await api.NetworkAsync(), api.NewName("vm"), api.NewName("host"));
        (await api.PutAsync($"/v1/hosts/{host}", "{}")).IsSuccess();
        (await api.PutAsync($"/v1/vms/{vm}", $$$"""{"spec":{"network":"{{{network}}}","host":"{{{host}}}"}}""")).IsSuccess();
        await CreatesAsync(vm, 11);
    }

    [Fact]
    public async Task A_tag_is_reserved_in_three_round_trips_and_the_commit()
    {
        var vm = await api.VmAsync();
        await CountAsync($"/v1/vms/{vm}/vlan-leases/50", """{"spec":{"owner":"warm-up"}}""");
        await CountsAsync(3, $"/v1/vms/{vm}/vlan-leases/51", """{"spec":{"owner":"a"}}""");
    }

    // The names differ from those of the other tests: a name that another container has costs one more statement.
    private async Task CreatesAsync(string vm, int roundTrips)
    {
        // CachedLiveness does not know a host that was created in the last half second: its name costs one more statement.
        await Eventually.Holds("the API knows the host", async () =>
            await CountAsync($"/v1/vms/{vm}/containers/{api.NewName("warm-up")}", "{}") <= roundTrips
        );
        for (var i = 0; i < 5; i++)
        {
            await CountsAsync(roundTrips, $"/v1/vms/{vm}/containers/{api.NewName("c")}", "{}");
        }
    }

    private async Task CountsAsync(int expected, string path, string body)
    {
        using var counter = new StatementCounter();
        (await api.PutAsync(path, body)).Is(HttpStatusCode.Created);
        Assert.True(counter.Count == expected, $"Expected {expected} round trips, got {counter.Count}:\n{counter.Text}");
    }

    private async Task<int> CountAsync(string path, string body)
    {
        using var counter = new StatementCounter();
        (await api.PutAsync(path, body)).Is(HttpStatusCode.Created);
        return counter.Count;
    }
}
