using Microsoft.EntityFrameworkCore;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>What northd and the hosts write into the NB, and what follows for the leases.</summary>
public sealed class ObservationTests
{
    [Fact]
    public async Task The_tag_and_up_are_recorded_as_seen_and_down_only_when_it_lasts()
    {
        await using var cloud = await ReconciledInstallation.StartAsync(("Reconciler:UpDebounce", "00:00:02"));
        var (_, _, containers) = await cloud.LabAsync(1);
        var uuid = containers[0].PortUuid.ToString();
        await cloud.NbctlAsync("set", "Logical_Switch_Port", uuid, "up=true", "tag=51");
        await Eventually.Becomes("up and the tag are seen", () => cloud.ReadAsync(containers[0]), c => c is { Up: true, ObservedTag: 51 });

        await cloud.NbctlAsync("set", "Logical_Switch_Port", uuid, "up=false");
        var down = TimeProvider.System.GetTimestamp();
        await Eventually.Becomes("down is seen", () => cloud.ReadAsync(containers[0]), c => !c.Up);
        Assert.True(TimeProvider.System.GetElapsedTime(down) > TimeSpan.FromSeconds(1.5));
    }

    [Fact]
    public async Task What_the_NB_and_the_host_tell_at_the_same_moment_both_counts()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var network = await cloud.Nest.NetworkAsync();
        await cloud.DirtyAsync(network);
        var host = await cloud.Nest.HostAsync();
        var agent = new SimulatedAgent(cloud.Nest, host);
        await agent.PassAsync();
        var vm = await cloud.Nest.VmAsync("vm5", network, host);
        var container = await cloud.Nest.ContainerAsync(vm, "c51", 51);
        await cloud.SettledAsync();
        await cloud.NbctlAsync("set", "Logical_Switch_Port", "dmz-vm5", "up=true");
        await Eventually.Holds("the VM is up", () => cloud.Nest.ReadAsync(db => db.Vms.AnyAsync(v => v.Up)));
        await agent.FetchAsync();
        agent.Do();

        await using var db = cloud.Nest.Open();
        await using var held = await db.Database.BeginTransactionAsync();
        await db.Database.ExecuteSqlAsync($"SELECT FROM containers WHERE id = {container.Id} FOR NO KEY UPDATE");
        await cloud.NbctlAsync("set", "Logical_Switch_Port", "dmz-vm5-c51", "up=true", "tag=51");
        await WaitForRowsAsync(cloud, 1);
        var report = agent.ReportAsync();
        await WaitForRowsAsync(cloud, 2);
        await held.RollbackAsync();

        Assert.True(await report);
        await Eventually.Becomes("the container is ready", () => cloud.ReadAsync(container), c => c.Reason == Reason.Ready);
    }

    [Fact]
    public async Task A_deleted_container_leaves_the_NB_with_a_barrier_and_its_tag_drains_with_that_number()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var (_, vm, containers) = await cloud.LabAsync();
        await OweAsync(cloud);

        await cloud.Nest.DeleteAsync(containers[0]);
        await cloud.SettledAsync();

        var lease = await Eventually.Becomes(
            "the lease has its number",
            () => cloud.Nest.LeaseAsync(vm, 51),
            lease => lease?.DrainNbCfg is not null
        );
        Assert.Equal(LeaseState.Draining, lease!.State);
        Assert.Equal((await cloud.NbctlAsync("get", "NB_Global", ".", "nb_cfg")).Trim(), $"{lease.DrainNbCfg}");
        Assert.Equal(["dmz-vm5", "dmz-vm5-c52"], await cloud.PortsAsync());
        Assert.False((await cloud.ReadAsync(containers[0])).InNorthbound);
    }

    [Fact]
    public async Task A_barrier_that_a_replaced_NB_never_reaches_is_not_waited_for()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var (_, vm, containers) = await cloud.LabAsync();
        await OweAsync(cloud);
        await cloud.NbctlAsync("set", "NB_Global", ".", "nb_cfg=1000");
        await cloud.Nest.DeleteAsync(containers[0]);
        await Eventually.Becomes("the lease has its number", () => cloud.Nest.LeaseAsync(vm, 51), lease => lease?.DrainNbCfg > 1000);

        await cloud.Server.ReplaceByEmptyAsync();
        await Eventually.Becomes(
            "it has one that the new NB has reached",
            () => cloud.Nest.LeaseAsync(vm, 51),
            lease => lease?.DrainNbCfg < 1000
        );
    }

    [Fact]
    public async Task A_replaced_NB_counts_on_above_what_hosts_have_told_whose_flows_are_those_of_the_former_one()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var (_, vm, containers) = await cloud.LabAsync();
        await OweAsync(cloud);
        await cloud.NbctlAsync("set", "NB_Global", ".", "nb_cfg=1000");
        await cloud.ExecuteAsync(
            $"INSERT INTO host_status (host_id, nb_cfg, applied_revision, unknown) SELECT id, 1000, 0, '{{}}' FROM hosts"
        );

        await cloud.Server.ReplaceByEmptyAsync();
        await cloud.SettledAsync();
        await cloud.Nest.DeleteAsync(containers[0]);
        await cloud.ExecuteAsync($"UPDATE lease_holds SET after_revision = 0, clear = true");
        await cloud.SettledAsync();
        var lease = await Eventually.Becomes(
            "the lease has its number",
            () => cloud.Nest.LeaseAsync(vm, 51),
            lease => lease?.DrainNbCfg is not null
        );
        Assert.True(lease!.DrainNbCfg > 1000, $"{lease.DrainNbCfg}");
        Assert.Equal(LeaseState.Draining, lease.State);
    }

    [Fact]
    public async Task A_changed_tag_drains_only_when_northd_has_taken_the_old_one_out()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var (_, vm, containers) = await cloud.LabAsync(1);
        var uuid = containers[0].PortUuid.ToString();
        await cloud.NbctlAsync("set", "Logical_Switch_Port", uuid, "tag=51"); // as northd does; it is not there yet
        await cloud.Nest.TryRetagAsync(vm, containers[0], 60);
        await cloud.SettledAsync();
        await cloud.PortBecomesAsync(uuid, "tag_request", "60");
        Assert.Null((await cloud.Nest.LeaseAsync(vm, 51))!.DrainNbCfg);

        await cloud.StartNorthdAsync();
        await cloud.PortBecomesAsync(uuid, "tag", "60");
        await Eventually.Becomes(
            "the old tag is released",
            () => cloud.Nest.LeaseAsync(vm, 51),
            lease => lease is null or { DrainNbCfg: not null }
        );
        await Eventually.Becomes("and the new one seen", () => cloud.ReadAsync(containers[0]), c => c.ObservedTag == 60);
    }

    [Fact]
    public async Task A_container_that_never_was_in_the_NB_gets_a_barrier_too_and_is_gone()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        await cloud.StartNorthdAsync();
        var (_, vm, _) = await cloud.LabAsync(0);
        await ReconciledInstallation.Reconciler(cloud.First).StopAsync(default);
        var container = await cloud.Nest.ContainerAsync(vm, "c51", 51);
        await cloud.Nest.DeleteAsync(container);
        await cloud.ReconcileAsync();
        await Eventually.Holds("it is gone", async () => !await cloud.Nest.ReadAsync(db => db.Containers.AnyAsync()));
        Assert.NotEqual("0\n", await cloud.NbctlAsync("get", "NB_Global", ".", "nb_cfg"));
    }

    [Fact]
    public async Task A_vm_that_moves_belongs_to_its_former_chassis_until_that_has_confirmed()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var network = await cloud.Nest.NetworkAsync();
        await cloud.DirtyAsync(network);
        var (former, next) = (await cloud.Nest.HostAsync("ubuntu1"), await cloud.Nest.HostAsync("ubuntu2"));
        await cloud.ExecuteAsync($"UPDATE hosts SET chassis = 'chassis-' || name");
        var vm = await cloud.Nest.VmAsync("vm5", network, former);
        await cloud.SettledAsync();
        Assert.Contains("chassis-ubuntu1", await cloud.GetAsync("dmz-vm5", "options"), StringComparison.Ordinal);

        await cloud.Nest.MoveAsync(vm, next);
        await cloud.SettledAsync();
        Assert.Contains("chassis-ubuntu1", await cloud.GetAsync("dmz-vm5", "options"), StringComparison.Ordinal);

        await cloud.ExecuteAsync($"DELETE FROM placements WHERE host_id = {former.Id}");
        await cloud.ExecuteAsync($"UPDATE vms SET dirty_seq = nextval('dirty_seq')");
        await cloud.SettledAsync();
        Assert.Contains("chassis-ubuntu2", await cloud.GetAsync("dmz-vm5", "options"), StringComparison.Ordinal);
    }

    /// <summary>
    /// Waits until this number of transactions wait for a lock, without the heartbeat, which may wait for the leader's row.
    /// </summary>
    private static Task<int> WaitForRowsAsync(ReconciledInstallation cloud, int count) =>
        Eventually.Becomes(
            $"{count} transactions wait for a row",
            () =>
                cloud.Nest.ReadAsync(db =>
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

    /// <summary>Adds a host that has not confirmed the release of the leases, so that they stay draining.</summary>
    private static async Task OweAsync(ReconciledInstallation cloud)
    {
        await cloud.ExecuteAsync(
            $"""
            INSERT INTO hosts SELECT (jsonb_populate_record(NULL::hosts, jsonb_build_object('id', gen_random_uuid(), 'name', 'h',
                'spec', '[]', 'integration_bridge', 'br-int', 'work_revision', 0, 'revision', 1, 'generation', 1, 'created_at', now(),
                'updated_at', now(), 'dirty_seq', 0, 'reconciled_seq', 0, 'in_northbound', false, 'rejections', 0, 'reason', 'Ready',
                'message', '', 'since', now()))).*
            """
        );
        await cloud.ExecuteAsync(
            $"INSERT INTO lease_holds (lease_id, host_id, clear, detached) SELECT l.id, h.id, false, false FROM vlan_leases l, hosts h"
        );
    }
}
