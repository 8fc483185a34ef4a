using System.Net;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Allocation;

/// <summary>An expired reservation has no effect even before the sweeper has deleted it. The sweeper does not run here.</summary>
public sealed class ExpiryTests
{
    [Fact]
    public async Task An_expired_reservation_is_not_shown()
    {
        await using var nest = await ExpiredAsync();
        (await nest.Api.GetAsync("/v1/vms/vm5/vlan-leases/10")).IsProblem("not-found");
        Assert.Empty(await TagsAsync(nest));
        Assert.NotNull(await nest.LeaseAsync(10));
    }

    [Fact]
    public async Task The_tag_of_an_expired_reservation_can_be_bound_and_its_history_ends_at_the_expiry_time()
    {
        await using var nest = await ExpiredAsync();
        var expiry = (await nest.LeaseAsync(10))?.ExpiresAt;
        Assert.Equal(10, (await nest.ContainerAsync("c10", 10)).Tag);
        var history = await nest.ReadAsync(db => db.VlanHistory.OrderBy(t => t.Id).ToListAsync());
        Assert.Equal([("web", expiry), (null, null)], history.Select(t => (t.Owner, t.Until)));
        Assert.True(history[0].Until <= history[1].From);
    }

    [Fact]
    public async Task The_owner_of_an_expired_reservation_can_reserve_another_tag()
    {
        await using var nest = await ExpiredAsync();
        await nest.ReserveAsync(11, "web");
        Assert.Equal(11, Assert.Single(await TagsAsync(nest)));
    }

    [Fact]
    public async Task An_expired_reservation_cannot_be_renewed_but_the_owner_can_reserve_again()
    {
        await using var nest = await ExpiredAsync();
        var former = (await nest.LeaseAsync(10))!;
        (
            await nest.Api.PutAsync(
                "/v1/vms/vm5/vlan-leases/10",
                """{"spec":{"owner":"web"}}""",
                ("If-Match", $"\"{former.Id}.{former.Revision}\"")
            )
        ).IsProblem("precondition-failed");
        var again = (await nest.Api.PostAsync("/v1/vms/vm5/vlan-leases", """{"spec":{"owner":"web"}}""")).Is(HttpStatusCode.Created);
        Assert.NotEqual(former.Id, again.Id);
    }

    [Fact]
    public async Task A_container_cannot_take_an_expired_reservation()
    {
        await using var nest = await ExpiredAsync();
        (await nest.PutContainerAsync("web", lease: "web")).IsProblem("reference-missing");
    }

    [Fact]
    public async Task A_bound_lease_never_expires()
    {
        await using var nest = await StartAsync();
        await nest.ReserveAsync(10, "web", "1h");
        await nest.ContainerAsync("web", lease: "web");
        await nest.ExecuteAsync($"UPDATE vlan_leases SET expires_at = now() - interval '1 day'");
        (await nest.PutContainerAsync("other", 10)).IsProblem("vlan-tag-taken");
        await nest.SweepAsync();
        Assert.Equal(LeaseState.Bound, (await nest.LeaseAsync(10))?.State);
    }

    [Fact]
    public async Task A_container_can_take_a_reservation_whose_tag_has_cooled_down_after_another_container_had_it()
    {
        await using var nest = await StartAsync();
        await nest.StartNorthdAsync();
        await nest.ReserveAsync(10, "web");
        await nest.ContainerAsync("first", lease: "web");
        await nest.DeleteContainerAsync("first");
        await nest.CooledAsync(10);
        Assert.Equal(10, (await nest.ContainerAsync("second", lease: "web")).Tag);
        var history = await nest.ReadAsync(db => db.VlanHistory.OrderBy(t => t.Id).ToListAsync());
        Assert.Equal([null, "first", null, "second"], history.Select(t => t.ContainerName));
        Assert.All(history.Zip(history.Skip(1)), pair => Assert.True(pair.First.Until <= pair.Second.From));
    }

    private static async Task<ReconciledInstallation> StartAsync()
    {
        var nest = await ReconciledInstallation.StartAsync();
        await nest.NetworkAsync();
        await nest.VmAsync();
        return nest;
    }

    /// <summary>Starts an installation with vm5 and an expired reservation of tag 10 for the owner web.</summary>
    private static async Task<ReconciledInstallation> ExpiredAsync()
    {
        var nest = await StartAsync();
        await nest.ReserveAsync(10, "web", "1h");
        await nest.ExecuteAsync($"UPDATE vlan_leases SET expires_at = now() - interval '1 ms'");
        return nest;
    }

    private static async Task<int[]> TagsAsync(ReconciledInstallation nest)
    {
        var leases = (await nest.Api.GetAsync("/v1/vms/vm5/vlan-leases")).IsSuccess().Json.GetProperty("items");
        return [.. leases.EnumerateArray().Select(lease => lease.GetProperty("status").GetProperty("tag").GetInt32())];
    }
}
