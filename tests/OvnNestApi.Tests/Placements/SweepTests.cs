using Microsoft.EntityFrameworkCore;
using Npgsql;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using OvnNestApi.VlanLeases;

namespace OvnNestApi.Tests.Placements;

/// <summary>The sweeper does what depends on time only, and what no other event will do.</summary>
public sealed class SweepTests
{
    [Fact]
    public async Task A_cooled_tag_returns_to_its_reservation_and_is_free_if_it_has_none()
    {
        await using var nest = await StartAsync();
        await nest.StartNorthdAsync();
        var reservation = (await nest.ReserveAsync(77, "web")).Id;
        await nest.ContainerAsync("web", lease: "web");
        await nest.ContainerAsync("other", 78);
        await nest.DeleteContainerAsync("web");
        await nest.DeleteContainerAsync("other");
        await nest.CooledAsync(77);
        await nest.CooledAsync(78);
        (await nest.PutContainerAsync("third", 77)).IsProblem("vlan-tag-taken");
        await nest.SweepAsync();
        var returned = await nest.LeaseAsync(77);
        Assert.Equal((LeaseState.Reserved, "web", reservation), (returned?.State, returned?.Owner, returned?.Id));
        Assert.Null(await nest.LeaseAsync(78));
    }

    [Fact]
    public async Task A_sweep_settles_a_release_whose_two_confirmations_did_not_see_each_other()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await nest.HostAsync();
        await nest.LabAsync(1, agent.Host);
        await agent.PassAsync();
        await nest.ContainerAsync("c51", 60);
        var barrier = (await nest.BarrierAsync(51)).DrainNbCfg;
        await agent.PassAsync();

        // As if the pass had not seen the number of the host, and the report had not seen the barrier of the pass.
        await nest.ExecuteAsync($"UPDATE host_status SET nb_cfg = {barrier}");
        Assert.Equal(LeaseState.Draining, (await nest.LeaseAsync(51))?.State);
        await nest.SweepAsync();
        Assert.Equal(LeaseState.Cooling, (await nest.LeaseAsync(51))?.State);
    }

    [Fact]
    public async Task A_sweep_frees_expired_reservations_and_nothing_else()
    {
        await using var nest = await StartAsync();
        await nest.ReserveAsync(10, "short", "1h");
        await nest.ReserveAsync(11, "long", "1h");
        await nest.ReserveAsync(12, "ever");
        await nest.ReserveAsync(13, "later", "1h");
        await nest.ContainerAsync("c", lease: "long");
        await nest.ExecuteAsync($"UPDATE vlan_leases SET expires_at = now() WHERE tag IN (10, 11)");
        await nest.SweepAsync();
        var tags = await nest.ReadAsync(db => db.VlanLeases.Select(l => l.Tag).Order().ToListAsync());
        Assert.Equal([11, 12, 13], tags);
    }

    [Fact]
    public async Task A_sweep_finishes_deletions_that_no_other_event_will_finish()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.StopReconcilerAsync();
        await nest.HostAsync();
        await nest.NetworkAsync();
        await nest.VmAsync(host: "ubuntu2");
        (await nest.Api.DeleteAsync("/v1/networks/dmz?cascade=true")).IsSuccess();
        (await nest.Api.DeleteAsync("/v1/hosts/ubuntu2?cascade=true&force=true")).IsSuccess();
        await nest.SweepAsync();
        Assert.Equal((1, 1, 1), await CountsAsync());

        // As if a pass had recorded that the NB has nothing of them, and the process had exited before it settled the deletions.
        await nest.ExecuteAsync(
            $"UPDATE vms SET reconciled_seq = dirty_seq; UPDATE networks SET reconciled_seq = dirty_seq; DELETE FROM placements"
        );
        await nest.SweepAsync();
        Assert.Equal((0, 0, 0), await CountsAsync());
        var deleted = await nest.ReadAsync(db => db.Changes.Where(c => c.Action == "deleted").Select(c => c.Kind).Order().ToListAsync());
        Assert.Equal(["host", "network", "vm"], deleted);

        Task<(int, int, int)> CountsAsync() =>
            nest.ReadAsync(async db => (await db.Vms.CountAsync(), await db.Networks.CountAsync(), await db.Hosts.CountAsync()));
    }

    [Fact]
    public async Task Old_history_is_deleted_except_the_last_holder_of_each_tag()
    {
        await using var nest = await StartAsync();
        await nest.StartNorthdAsync();
        foreach (var name in new[] { "c1", "c2" })
        {
            await nest.ContainerAsync(name, 51);
            await nest.DeleteContainerAsync(name);
            await nest.CooledAsync(51);
        }

        await using var database = NpgsqlDataSource.Create(nest.Api.Database);
        Assert.Equal(0, await HistoryRetention.Of(TimeSpan.FromDays(1)).PruneAsync(database, default));
        Assert.Equal(1, await HistoryRetention.Of(TimeSpan.FromDays(-1)).PruneAsync(database, default));
        Assert.Equal("c2", await nest.ReadAsync(db => db.VlanHistory.Select(t => t.ContainerName).SingleAsync()));
    }

    private static async Task<ReconciledInstallation> StartAsync()
    {
        var nest = await ReconciledInstallation.StartAsync();
        await nest.NetworkAsync();
        await nest.VmAsync();
        return nest;
    }
}
