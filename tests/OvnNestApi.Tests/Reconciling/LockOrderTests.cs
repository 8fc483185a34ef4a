using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>Networks before VMs, VMs by their ids: whoever locks several waits for another, and none is killed for a deadlock.</summary>
public sealed class LockOrderTests
{
    [Theory]
    [InlineData("networks")]
    [InlineData("vms")]
    [InlineData("containers")]
    public async Task A_pass_that_waits_for_a_writer_of_the_network_holds_no_vm(string dirty)
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var (network, vm, _) = await cloud.LabAsync(1);
        await ReconciledInstallation.Reconciler(cloud.First).StopAsync(default);
        await cloud.ExecuteAsync(
            dirty switch // with a condition that the pass will find another than it is stored
            {
                "networks" => $"""
                UPDATE networks SET dirty_seq = nextval('dirty_seq'), reason = 'Rejected';
                    UPDATE vms SET dirty_seq = nextval('dirty_seq')
                """,
                "vms" => $"UPDATE vms SET dirty_seq = nextval('dirty_seq'), reason = 'Ready'",
                _ => $"UPDATE containers SET dirty_seq = nextval('dirty_seq'), reason = 'Ready'",
            }
        );
        await cloud.Nest.DoAsync(async writer =>
        {
            await writer.Database.ExecuteSqlAsync($"SELECT FROM networks WHERE id = {network.Id} FOR UPDATE");
            await cloud.ReconcileAsync();
            await Eventually.Becomes("the pass waits for the network", () => WaitingAsync(cloud.Nest), waiting => waiting > 0);
            await writer.Database.ExecuteSqlAsync($"SELECT FROM vms WHERE id = {vm.Id} FOR NO KEY UPDATE NOWAIT");
        });
        await cloud.SettledAsync();
    }

    [Fact]
    public async Task A_writer_of_a_network_locks_its_vms_in_the_order_of_their_ids()
    {
        var nest = await Installation.CreateAsync();
        var network = await nest.NetworkAsync();
        var (first, last) = (await nest.VmAsync("vm1", network, null), await nest.VmAsync("vm2", network, null));
        // The update moves the row of the first VM behind the row of the last one.
        await nest.DoAsync(db => db.Database.ExecuteSqlAsync($"UPDATE vms SET dirty_seq = nextval('dirty_seq') WHERE id = {first.Id}"));

        var writing = Task.CompletedTask;
        await nest.DoAsync(async holder =>
        {
            await holder.Database.ExecuteSqlAsync($"SELECT FROM vms WHERE id = {last.Id} FOR NO KEY UPDATE");
            writing = nest.DoAsync(db => db.MarkNetworkAsync(network.Id, default));
            await Eventually.Becomes("the writer waits for a VM", () => WaitingAsync(nest), waiting => waiting > 0);
            var free = await nest.ReadAsync(db => db.Vms.FromSql($"SELECT * FROM vms FOR NO KEY UPDATE SKIP LOCKED").CountAsync());
            Assert.Equal(0, free);
        });
        await writing;
    }

    /// <summary>How many transactions wait for a row; the heartbeat may wait for the leader's at any time.</summary>
    private static Task<int> WaitingAsync(Installation nest) =>
        nest.ReadAsync(db =>
            db.Database.SqlQuery<int>(
                    $"""
                    SELECT count(*)::int AS "Value" FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query NOT LIKE '%UPDATE leader%'
                    """
                )
                .SingleAsync()
        );
}
