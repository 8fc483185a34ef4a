using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using OvnNestApi.VlanLeases;

namespace OvnNestApi.Tests.Allocation;

/// <summary>A reservation whose time has run out is over for whoever looks, though nobody has swept: no sweeper runs here.</summary>
public sealed class ExpiryTests
{
    private static readonly Conditional None = new(null, false);

    [Fact]
    public async Task An_expired_reservation_is_not_shown()
    {
        var (nest, vm) = await ExpiredAsync();
        Assert.Equal(0, await nest.ReadAsync(db => Expiry.Leases(db).CountAsync(l => l.VmId == vm.Id)));
    }

    [Fact]
    public async Task An_expired_reservations_tag_is_had_by_anybody_and_its_tenure_ended_with_its_time()
    {
        var (nest, vm) = await ExpiredAsync();
        var ended = (await nest.LeaseAsync(vm, 10))?.ExpiresAt;
        Assert.Equal(10, (await nest.ContainerAsync(vm, "c10", 10)).Tag);
        var history = await nest.ReadAsync(db => db.VlanHistory.OrderBy(t => t.Id).ToListAsync());
        Assert.Equal([("web", ended), (null, null)], history.Select(t => (t.Owner, t.Until)));
        Assert.True(history[0].Until <= history[1].From);
    }

    [Fact]
    public async Task An_expired_reservations_owner_may_have_another_tag()
    {
        var (nest, vm) = await ExpiredAsync();
        Assert.Null(
            await nest.TryAsync(async db => (await Reservations.PutAsync(db, "vm5", 11, new() { Owner = "web" }, None, default)).Problem)
        );
        Assert.Equal([11], await nest.ReadAsync(db => db.VlanLeases.Select(l => l.Tag).ToListAsync()));
    }

    [Fact]
    public async Task An_expired_reservation_cannot_be_renewed_but_is_made_anew()
    {
        var (nest, vm) = await ExpiredAsync();
        var former = await nest.LeaseAsync(vm, 10);
        var isNew = false;
        var fenced = new Conditional([Conditional.ETag(former!.Id, former.Revision)], false);
        Assert.Equal(
            "precondition-failed",
            (
                await nest.TryAsync(async db =>
                    (await Reservations.PutAsync(db, "vm5", 10, new() { Owner = "web" }, fenced, default)).Problem
                )
            )?.Code
        );
        Assert.Null(
            await nest.TryAsync(async db =>
            {
                var answer = await Reservations.PostAsync(db, "vm5", new() { Owner = "web" }, default);
                isNew = answer.TryGet(out var granted, out var problem) && granted.IsNew;
                return problem;
            })
        );
        Assert.True(isNew);
        Assert.NotEqual(former.Id, await nest.ReadAsync(db => db.VlanLeases.Where(l => l.Owner == "web").Select(l => l.Id).SingleAsync()));
    }

    [Fact]
    public async Task An_expired_reservation_is_no_lease_for_a_container()
    {
        var (nest, vm) = await ExpiredAsync();
        Assert.Equal("reference-missing", (await nest.TryContainerAsync(vm, "web", owner: "web"))?.Code);
    }

    [Fact]
    public async Task A_bound_lease_never_expires()
    {
        var nest = await Installation.CreateAsync();
        var vm = await nest.VmAsync("vm5", await nest.NetworkAsync(), null);
        await nest.DoAsync(db => Grant.ReservedAsync(db, vm, 10, ["web"], ("1h", TimeSpan.FromHours(1)), false, default));
        await nest.ContainerAsync(vm, "web", owner: "web");
        await nest.DoAsync(db => db.Database.ExecuteSqlAsync($"UPDATE vlan_leases SET expires_at = now() - interval '1 day'"));
        Assert.Equal("vlan-tag-taken", (await nest.TryContainerAsync(vm, "thief", 10))?.Code);
        await nest.DoAsync(db => db.ExecuteAsync(Expiry.Free, default));
        Assert.Equal(LeaseState.Bound, (await nest.LeaseAsync(vm, 10))?.State);
    }

    [Fact]
    public async Task A_cooled_lease_of_a_clients_own_is_a_containers_that_names_it()
    {
        var nest = await Installation.CreateAsync();
        var vm = await nest.VmAsync("vm5", await nest.NetworkAsync(), null);
        await nest.DoAsync(db => Grant.ReservedAsync(db, vm, 10, ["web"], null, false, default));
        await nest.DeleteAsync(await nest.ContainerAsync(vm, "first", owner: "web"));
        await nest.NorthboundPassAsync(1);
        Assert.Equal(LeaseState.Cooling, (await nest.LeaseAsync(vm, 10))?.State);
        Assert.Equal(10, (await nest.ContainerAsync(vm, "second", owner: "web")).Tag);
        var tenures = await nest.ReadAsync(db => db.VlanHistory.OrderBy(t => t.Id).ToListAsync());
        Assert.Equal([null, "first", null, "second"], tenures.Select(t => t.ContainerName));
        Assert.All(tenures.Zip(tenures.Skip(1)), pair => Assert.True(pair.First.Until <= pair.Second.From));
    }

    private static async Task<(Installation Nest, Vm Vm)> ExpiredAsync()
    {
        var nest = await Installation.CreateAsync();
        var vm = await nest.VmAsync("vm5", await nest.NetworkAsync(), null);
        await nest.DoAsync(db => Grant.ReservedAsync(db, vm, 10, ["web"], ("1h", TimeSpan.FromHours(1)), false, default));
        await nest.DoAsync(db => db.Database.ExecuteSqlAsync($"UPDATE vlan_leases SET expires_at = now() - interval '1 ms'"));
        return (nest, vm);
    }
}
