using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using OvnNestApi.Allocation;
using OvnNestApi.Data;
using OvnNestApi.Placements;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using OvnNestApi.VlanLeases;

namespace OvnNestApi.Tests.Placements;

/// <summary>What only time brings about.</summary>
public sealed class SweepTests
{
    [Fact]
    public async Task A_clients_lease_returns_to_it_when_its_container_is_gone_and_a_containers_own_is_free()
    {
        var nest = await Installation.CreateAsync();
        var vm = await nest.VmAsync("vm5", await nest.NetworkAsync(), null);
        await nest.DoAsync(async db =>
            Assert.Equal(77, Assert.Single(await Grant.ReservedAsync(db, vm, 77, ["web"], null, false, default)).Tag)
        );
        var mine = await nest.LeaseAsync(vm, 77);
        await nest.DeleteAsync(await nest.ContainerAsync(vm, "web", null, "web"));
        await nest.DeleteAsync(await nest.ContainerAsync(vm, "other", 78));
        await nest.NorthboundPassAsync(1);
        Assert.Equal("vlan-tag-taken", (await nest.TryContainerAsync(vm, "thief", 77))?.Code);
        await SweepAsync(nest);
        var returned = await nest.LeaseAsync(vm, 77);
        Assert.Equal((LeaseState.Reserved, "web", mine?.Id), (returned?.State, returned?.Owner, returned?.Id));
        Assert.Null(await nest.LeaseAsync(vm, 78));
    }

    [Fact]
    public async Task A_sweep_settles_a_release_of_which_two_transactions_saw_half_each()
    {
        var nest = await Installation.CreateAsync();
        var host = await nest.HostAsync();
        var vm = await nest.VmAsync("vm5", await nest.NetworkAsync(), host);
        var agent = new InstallationAgent(nest, host);
        var c51 = await nest.ContainerAsync(vm, "c51", 51);
        await nest.NorthboundPassAsync(1);
        await agent.PassAsync();
        Assert.Null(await nest.TryRetagAsync(vm, c51, 60));
        await nest.NorthboundPassAsync(2);
        await agent.PassAsync();

        // The pass knew no number of the host yet, and the report none of the pass.
        await nest.DoAsync(db => db.Database.ExecuteSqlAsync($"UPDATE host_status SET nb_cfg = 2"));
        Assert.Equal(LeaseState.Draining, (await nest.LeaseAsync(vm, 51))?.State);
        await SweepAsync(nest);
        Assert.Equal(LeaseState.Cooling, (await nest.LeaseAsync(vm, 51))?.State);
    }

    [Fact]
    public async Task A_sweep_frees_what_has_expired_and_nothing_else()
    {
        var nest = await Installation.CreateAsync();
        var vm = await nest.VmAsync("vm5", await nest.NetworkAsync(), null);
        await nest.DoAsync(async db =>
        {
            await Grant.ReservedAsync(db, vm, 10, ["short"], ("0s", TimeSpan.Zero), false, default);
            await Grant.ReservedAsync(db, vm, 11, ["long"], ("1h", TimeSpan.FromHours(1)), false, default);
            await Grant.ReservedAsync(db, vm, 12, ["ever"], null, false, default);
        });
        await nest.ContainerAsync(vm, "c", null, "long");
        await nest.DoAsync(db => db.Database.ExecuteSqlAsync($"UPDATE vlan_leases SET expires_at = now() WHERE tag = 11"));
        await SweepAsync(nest);
        Assert.Equal([11, 12], await nest.ReadAsync(db => db.VlanLeases.Select(l => l.Tag).Order().ToListAsync()));
    }

    [Fact]
    public async Task A_sweep_finishes_deletions_that_no_event_will_finish()
    {
        var nest = await Installation.CreateAsync();
        var (network, host) = (await nest.NetworkAsync(), await nest.HostAsync());
        var vm = await nest.VmAsync("vm5", network, host);
        await nest.DeleteAsync(vm);
        await nest.DoAsync(db =>
            db.Database.ExecuteSqlAsync(
                $"""
                UPDATE networks SET deleting_since = now();
                UPDATE hosts SET deleting_since = now()
                """
            )
        );
        await SweepAsync(nest);
        Assert.Equal((1, 1, 1), await CountsAsync());

        // The NB has let go of everything; the host never had the VM's work.
        await nest.DoAsync(db => db.Database.ExecuteSqlAsync($"UPDATE vms SET reconciled_seq = dirty_seq; DELETE FROM placements"));
        await SweepAsync(nest);
        Assert.Equal((0, 0, 0), await CountsAsync());
        Assert.Equal(
            ["host", "network", "vm"],
            await nest.ReadAsync(db => db.Changes.Where(c => c.Action == "deleted").Select(c => c.Kind).Order().ToListAsync())
        );

        Task<(int, int, int)> CountsAsync() =>
            nest.ReadAsync(async db => (await db.Vms.CountAsync(), await db.Networks.CountAsync(), await db.Hosts.CountAsync()));
    }

    [Fact]
    public async Task Old_history_is_forgotten_but_for_the_last_holder_of_each_tag()
    {
        var nest = await Installation.CreateAsync();
        var vm = await nest.VmAsync("vm5", await nest.NetworkAsync(), null);
        foreach (var (name, nbCfg) in new[] { ("c1", 1), ("c2", 2) })
        {
            await nest.DeleteAsync(await nest.ContainerAsync(vm, name, 51));
            await nest.NorthboundPassAsync(nbCfg);
        }

        await using var database = NpgsqlDataSource.Create(nest.Database);
        Assert.Equal(0, await HistoryRetention.PruneAsync(database, TimeSpan.FromDays(1), default));
        Assert.Equal(1, await HistoryRetention.PruneAsync(database, TimeSpan.FromDays(-1), default));
        Assert.Equal("c2", await nest.ReadAsync(db => db.VlanHistory.Select(t => t.ContainerName).SingleAsync()));
    }

    private static Task SweepAsync(Installation nest) =>
        new Sweeper(nest, nest.Transactions, nest.Settlement, new Signals(), TimeProvider.System, NullLogger<Sweeper>.Instance).SweepAsync(
            default
        );
}
