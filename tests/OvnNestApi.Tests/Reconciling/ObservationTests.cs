using Microsoft.EntityFrameworkCore;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>The reconciler observes what ovn-northd and the hosts write to the NB, and leases follow.</summary>
public sealed class ObservationTests
{
    [Fact]
    public async Task Tag_and_up_of_a_port_are_recorded_at_once_and_down_only_after_the_debounce_time()
    {
        await using var nest = await ReconciledInstallation.StartAsync(("Reconciler:UpDebounce", "00:00:02"));
        var (_, _, containers) = await nest.LabAsync(1);
        var uuid = containers[0].PortUuid.ToString();
        await nest.NbctlAsync("set", "Logical_Switch_Port", uuid, "up=true", "tag=51");
        await Eventually.Becomes(
            "up and the tag are recorded",
            () => nest.ReadAsync(containers[0]),
            c => c is { Up: true, ObservedTag: 51 }
        );

        await nest.NbctlAsync("set", "Logical_Switch_Port", uuid, "up=false");
        var down = TimeProvider.System.GetTimestamp();
        await Eventually.Becomes("down is recorded", () => nest.ReadAsync(containers[0]), c => !c.Up);
        Assert.True(TimeProvider.System.GetElapsedTime(down) > TimeSpan.FromSeconds(1.5));
    }

    [Fact]
    public async Task A_container_becomes_ready_when_the_pass_and_the_report_of_the_host_are_concurrent()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.NetworkAsync();
        var agent = await nest.HostAsync();
        await agent.PassAsync();
        await nest.VmAsync(host: agent.Host);
        var container = await nest.ContainerAsync("c51", 51);
        await nest.SettledAsync();
        await nest.NbctlAsync("set", "Logical_Switch_Port", "dmz-vm5", "up=true");
        await Eventually.Holds("the VM is up", () => nest.ReadAsync(db => db.Vms.AnyAsync(v => v.Up)));
        await agent.FetchAsync();
        agent.Apply();

        await using var db = nest.Api.Open();
        await using var held = await db.Database.BeginTransactionAsync();
        await db.Database.ExecuteSqlAsync($"SELECT FROM containers WHERE id = {container.Id} FOR NO KEY UPDATE");
        await nest.NbctlAsync("set", "Logical_Switch_Port", "dmz-vm5-c51", "up=true", "tag=51");
        await WaitForRowsAsync(nest, 1);
        var report = agent.ReportAsync();
        await WaitForRowsAsync(nest, 2);
        await held.RollbackAsync();

        await report;
        await Eventually.Becomes("the container is ready", () => nest.ReadAsync(container), c => c.Reason == Reason.Ready);
    }

    [Fact]
    public async Task The_tag_of_a_deleted_container_drains_with_the_barrier_of_the_transaction_that_deleted_its_port()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var (_, containers) = await LabOnHostAsync(nest);

        await nest.DeleteContainerAsync("c51");
        await nest.SettledAsync();

        var lease = await nest.BarrierAsync(51);
        Assert.Equal((await nest.NbctlAsync("get", "NB_Global", ".", "nb_cfg")).Trim(), $"{lease.DrainNbCfg}");
        Assert.Equal(["dmz-vm5", "dmz-vm5-c52"], await nest.PortsAsync());
        Assert.False((await nest.ReadAsync(containers[0])).InNorthbound);
    }

    [Fact]
    public async Task A_barrier_of_a_replaced_NB_that_the_new_NB_has_not_reached_is_replaced_by_a_new_barrier()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await LabOnHostAsync(nest);
        await nest.NbctlAsync("set", "NB_Global", ".", "nb_cfg=1000");
        await nest.DeleteContainerAsync("c51");
        await Eventually.Becomes("the lease has its barrier", () => nest.LeaseAsync(51), lease => lease?.DrainNbCfg > 1000);

        await nest.Server.ReplaceByEmptyAsync();
        await Eventually.Becomes(
            "the lease has a barrier that the new NB has reached",
            () => nest.LeaseAsync(51),
            lease => lease?.DrainNbCfg < 1000
        );
    }

    [Fact]
    public async Task A_replaced_NB_counts_from_above_the_highest_value_that_a_host_has_reported()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var (agent, _) = await LabOnHostAsync(nest);
        await nest.NbctlAsync("set", "NB_Global", ".", "nb_cfg=1000");
        agent.NbCfg = 1000;
        await agent.PassAsync();

        await nest.Server.ReplaceByEmptyAsync();
        await nest.SettledAsync();
        await nest.DeleteContainerAsync("c51");
        await agent.PassAsync();
        await nest.SettledAsync();

        // The host has no port with the tag any more, but its flows are those of the former NB.
        var lease = await nest.BarrierAsync(51);
        Assert.True(lease.DrainNbCfg > 1000, $"{lease.DrainNbCfg}");
    }

    [Fact]
    public async Task The_former_tag_of_a_container_drains_only_when_ovn_northd_no_longer_uses_it()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var (_, _, containers) = await nest.LabAsync(1);
        var uuid = containers[0].PortUuid.ToString();

        // As ovn-northd does, which does not run yet.
        await nest.NbctlAsync("set", "Logical_Switch_Port", uuid, "tag=51");
        await nest.ContainerAsync("c51", 60);
        await nest.SettledAsync();
        await nest.PortBecomesAsync(uuid, "tag_request", "60");
        Assert.Null((await nest.LeaseAsync(51))!.DrainNbCfg);

        await nest.StartNorthdAsync();
        await nest.PortBecomesAsync(uuid, "tag", "60");
        await Eventually.Becomes(
            "the former tag is released",
            () => nest.LeaseAsync(51),
            lease => lease is null or { DrainNbCfg: not null }
        );
        await Eventually.Becomes("the new tag is recorded", () => nest.ReadAsync(containers[0]), c => c.ObservedTag == 60);
    }

    [Fact]
    public async Task A_container_that_was_deleted_before_it_was_written_to_the_NB_is_removed_after_a_barrier()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.StartNorthdAsync();
        await nest.LabAsync(0);
        await nest.StopReconcilerAsync();
        await nest.ContainerAsync("c51", 51);
        await nest.DeleteContainerAsync("c51");
        Assert.True(await nest.ReadAsync(db => db.Containers.AnyAsync()));
        await nest.StartProcessAsync();
        await Eventually.Holds("the container is gone", async () => !await nest.ReadAsync(db => db.Containers.AnyAsync()));
        Assert.NotEqual("0\n", await nest.NbctlAsync("get", "NB_Global", ".", "nb_cfg"));
    }

    [Fact]
    public async Task The_port_of_a_VM_that_moves_is_requested_on_the_former_chassis_until_the_former_host_has_confirmed_its_removal()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.NetworkAsync();
        var former = await nest.HostAsync("ubuntu1", """{"chassis":"chassis-ubuntu1"}""");
        var next = await nest.HostAsync("ubuntu2", """{"chassis":"chassis-ubuntu2"}""");
        await nest.VmAsync(host: former.Host);
        await nest.SettledAsync();
        Assert.Contains("chassis-ubuntu1", await nest.GetAsync("dmz-vm5", "options"), StringComparison.Ordinal);
        await former.PassAsync();

        await nest.VmAsync(host: next.Host);
        await nest.SettledAsync();
        Assert.Contains("chassis-ubuntu1", await nest.GetAsync("dmz-vm5", "options"), StringComparison.Ordinal);

        await former.PassAsync();
        await nest.SettledAsync();
        Assert.Contains("chassis-ubuntu2", await nest.GetAsync("dmz-vm5", "options"), StringComparison.Ordinal);
    }

    /// <summary>
    /// Creates vm5 with c51 and c52 on a host that has applied its work. The release of their tags needs the host's confirmation.
    /// </summary>
    private static async Task<(SimulatedAgent Agent, IReadOnlyList<Container> Containers)> LabOnHostAsync(ReconciledInstallation nest)
    {
        var agent = await nest.HostAsync();
        var (_, _, containers) = await nest.LabAsync(host: agent.Host);
        await agent.PassAsync();
        return (agent, containers);
    }

    /// <summary>
    /// Waits until this number of transactions wait for a lock, without the heartbeat, which may wait for the leader's row.
    /// </summary>
    private static Task<int> WaitForRowsAsync(ReconciledInstallation nest, int count) =>
        Eventually.Becomes(
            $"{count} transactions wait for a row",
            () =>
                nest.ReadAsync(db =>
                    db.Database.SqlQuery<int>(
                            $"""
                            SELECT count(*)::int AS "Value" FROM pg_stat_activity
                            WHERE datname = current_database() AND wait_event_type = 'Lock' AND query NOT LIKE '%UPDATE leader%'
                            """
                        )
                        .SingleAsync()
                ),
            seen => seen == count
        );
}
