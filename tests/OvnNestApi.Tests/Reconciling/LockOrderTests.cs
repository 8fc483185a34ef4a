using Microsoft.EntityFrameworkCore;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>Transactions lock networks before VMs, and VMs in the order of their ids, so that they do not deadlock.</summary>
public sealed class LockOrderTests
{
    [Theory]
    [InlineData("networks")]
    [InlineData("vms")]
    [InlineData("containers")]
    public async Task A_pass_that_waits_for_the_lock_of_a_network_holds_no_lock_of_a_VM(string dirty)
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var (network, vm, _) = await nest.LabAsync(1);
        await nest.StopReconcilerAsync();
        await nest.ExecuteAsync(
            dirty switch // The stored condition differs from the one that the pass will compute.
            {
                "networks" => $"""
                UPDATE networks SET dirty_seq = nextval('dirty_seq'), reason = 'Rejected';
                    UPDATE vms SET dirty_seq = nextval('dirty_seq')
                """,
                "vms" => $"UPDATE vms SET dirty_seq = nextval('dirty_seq'), reason = 'Ready'",
                _ => $"UPDATE containers SET dirty_seq = nextval('dirty_seq'), reason = 'Ready'",
            }
        );
        await nest.Api.TransactAsync(async writer =>
        {
            await writer.Database.ExecuteSqlAsync($"SELECT FROM networks WHERE id = {network.Id} FOR UPDATE");
            await nest.StartProcessAsync();
            await Eventually.Becomes("the pass waits for the network", () => WaitingAsync(nest.Api), waiting => waiting > 0);
            await writer.Database.ExecuteSqlAsync($"SELECT FROM vms WHERE id = {vm.Id} FOR NO KEY UPDATE NOWAIT");
        });
        await nest.SettledAsync();
    }

    [Fact]
    public async Task A_write_of_a_network_locks_its_VMs_in_the_order_of_their_ids()
    {
        await using var api = new TestApi();
        await api.InitializeAsync();
        var network = await api.NetworkAsync();
        var (first, last) = (await api.VmAsync(network), await api.VmAsync(network));

        // The update moves the row of the first VM behind the row of the last one.
        await api.ExecuteAsync($"UPDATE vms SET dirty_seq = nextval('dirty_seq') WHERE name = {first}");

        var write = Task.FromResult<ApiResponse?>(null);
        await api.TransactAsync(async holder =>
        {
            await holder.Database.ExecuteSqlAsync($"SELECT FROM vms WHERE name = {last} FOR NO KEY UPDATE");
            write = WriteAsync();
            await Eventually.Becomes("the writer waits for a VM", () => WaitingAsync(api), waiting => waiting > 0);
            var free = await api.ReadAsync(db => db.Vms.FromSql($"SELECT * FROM vms FOR NO KEY UPDATE SKIP LOCKED").CountAsync());
            Assert.Equal(0, free);
        });
        (await write)!.IsSuccess();

        async Task<ApiResponse?> WriteAsync() =>
            await api.PutAsync($"/v1/networks/{network}", """{"spec":{"subnet":"10.7.0.0/24","dhcp":{"mtu":1400}}}""");
    }

    /// <summary>Returns how many transactions wait for a lock, without the heartbeat, which may wait for the leader's row.</summary>
    private static Task<int> WaitingAsync(TestApi api) =>
        api.ReadAsync(db =>
            db.Database.SqlQuery<int>(
                    $"""
                    SELECT count(*)::int AS "Value" FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query NOT LIKE '%UPDATE leader%'
                    """
                )
                .SingleAsync()
        );
}
