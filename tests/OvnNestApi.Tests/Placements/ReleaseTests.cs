using Microsoft.EntityFrameworkCore;
using OvnNestApi.Conditions;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Placements;

/// <summary>When a tag, an address and a name may be had again.</summary>
public sealed class ReleaseTests
{
    [Fact]
    public async Task A_tag_is_not_reused_before_the_host_has_confirmed()
    {
        var (nest, vm, agent) = await RunningAsync();
        var c51 = await nest.ContainerAsync(vm, "c51", 51);
        await nest.NorthboundPassAsync(1);
        agent.NbCfg = 1;
        await agent.PassAsync();

        await nest.DeleteAsync(c51);
        await nest.NorthboundPassAsync(2);
        Assert.Equal(LeaseState.Draining, (await nest.LeaseAsync(vm, 51))?.State);

        // The NB half is there. The host has removed the port, but its flows are those of before.
        await agent.PassAsync();
        Assert.Equal(LeaseState.Draining, (await nest.LeaseAsync(vm, 51))?.State);
        var refused = await nest.TryContainerAsync(vm, "c52", 51);
        Assert.Equal(("vlan-tag-taken", true), (refused?.Code, refused?.Retryable));

        agent.NbCfg = 2;
        await agent.ReportAsync();
        Assert.Equal(LeaseState.Cooling, (await nest.LeaseAsync(vm, 51))?.State);
        await nest.ContainerAsync(vm, "c52", 51);
    }

    [Fact]
    public async Task A_tag_is_not_reused_while_a_port_of_the_bridge_bears_it()
    {
        var (nest, vm, agent) = await RunningAsync();
        var c51 = await nest.ContainerAsync(vm, "c51", 51);
        await nest.NorthboundPassAsync(1);
        await agent.PassAsync();
        await nest.DeleteAsync(c51);
        await nest.NorthboundPassAsync(2);
        (agent.NbCfg, agent.LeavesPorts) = (9, true);
        await agent.PassAsync();
        Assert.Equal(LeaseState.Draining, (await nest.LeaseAsync(vm, 51))?.State);

        agent.LeavesPorts = false;
        await agent.PassAsync();
        Assert.Equal(LeaseState.Cooling, (await nest.LeaseAsync(vm, 51))?.State);
    }

    [Fact]
    public async Task A_tag_is_not_reused_before_the_northbound_has_let_go_of_it()
    {
        var (nest, vm, agent) = await RunningAsync();
        var c51 = await nest.ContainerAsync(vm, "c51", 51);
        await nest.NorthboundPassAsync(1);
        await agent.PassAsync();
        await nest.DeleteAsync(c51);
        agent.NbCfg = 100;
        await agent.PassAsync();
        Assert.Equal(LeaseState.Draining, (await nest.LeaseAsync(vm, 51))?.State);

        // The host said long ago that its flows are newer: its word is kept, no further report is needed.
        await nest.NorthboundPassAsync(2);
        Assert.Equal(LeaseState.Cooling, (await nest.LeaseAsync(vm, 51))?.State);
    }

    [Fact]
    public async Task A_report_about_older_work_confirms_nothing()
    {
        var (nest, vm, agent) = await RunningAsync();
        var c51 = await nest.ContainerAsync(vm, "c51", 51);
        var c52 = await nest.ContainerAsync(vm, "c52", 52);
        await nest.NorthboundPassAsync(1);
        await agent.PassAsync();
        await nest.DeleteAsync(c51);
        await nest.NorthboundPassAsync(2);

        var stale = new Contracts.HostReport(agent.Work.Cursor, "ubuntu2", 99, [], [], [c51.Id, c52.Id], []);
        await agent.SendAsync(stale);
        Assert.Equal(2, await nest.ReadAsync(db => db.Containers.CountAsync()));
        Assert.Equal(LeaseState.Draining, (await nest.LeaseAsync(vm, 51))?.State);

        await agent.SendAsync(stale with { Cursor = "1.00000000000000000000000000000000.999" });
        Assert.Equal(LeaseState.Draining, (await nest.LeaseAsync(vm, 51))?.State);
    }

    [Fact]
    public async Task A_tag_that_no_host_was_given_waits_for_all_chassis()
    {
        var nest = await Installation.CreateAsync();
        var vm = await nest.VmAsync("vm5", await nest.NetworkAsync(), null);
        await nest.DeleteAsync(await nest.ContainerAsync(vm, "c51", 51));
        await nest.DoAsync(db => db.Database.ExecuteSqlAsync($"UPDATE vlan_leases SET drain_nb_cfg = 7; UPDATE leader SET hv_cfg = 6"));
        await nest.DoAsync(db => nest.Settlement.SettleAsync(db, [vm.Id], default));
        Assert.Equal(LeaseState.Draining, (await nest.LeaseAsync(vm, 51))?.State);
        await nest.DoAsync(db => db.Database.ExecuteSqlAsync($"UPDATE leader SET hv_cfg = 7"));
        await nest.DoAsync(db => nest.Settlement.SettleAsync(db, [vm.Id], default));
        Assert.Equal(LeaseState.Cooling, (await nest.LeaseAsync(vm, 51))?.State);
    }

    [Fact]
    public async Task A_released_tag_cools_down_by_the_databases_clock()
    {
        var (nest, vm, agent) = await RunningAsync();
        nest.Leasing.Cooldown = TimeSpan.FromMinutes(1);
        var c51 = await nest.ContainerAsync(vm, "c51", 51);
        await nest.NorthboundPassAsync(1);
        await agent.PassAsync();
        await nest.DeleteAsync(c51);
        await nest.NorthboundPassAsync(2);
        agent.NbCfg = 2;
        await agent.PassAsync();
        Assert.Contains("cooling down", (await nest.TryContainerAsync(vm, "c52", 51))?.Detail, StringComparison.Ordinal);
        await nest.DoAsync(db =>
            db.Database.ExecuteSqlAsync($"UPDATE vlan_leases SET cool_until = now() - interval '1 ms' WHERE state = 'Cooling'")
        );
        await nest.ContainerAsync(vm, "c52", 51);
    }

    [Fact]
    public async Task A_new_incarnation_keeps_tag_and_address_and_waits_for_the_old_ones_end()
    {
        var (nest, vm, agent) = await RunningAsync();
        var old = await nest.ContainerAsync(vm, "c51");
        await nest.NorthboundPassAsync(1);
        await agent.PassAsync();
        await nest.DeleteAsync(old);
        var heir = await nest.ContainerAsync(vm, "c51");
        Assert.Equal((old.Tag, old.Ip, old.Mac), (heir.Tag, heir.Ip, heir.Mac));
        await nest.NorthboundPassAsync(2);
        await agent.PassAsync();
        Assert.Empty(agent.Work.Vms.Single().Containers);
        Assert.Equal([old.Id], agent.Work.Remove.Select(r => r.Id));

        var before = (await nest.LeaseAsync(vm, old.Tag))?.Id;
        agent.NbCfg = 2;
        await agent.ReportAsync();
        var lease = await nest.LeaseAsync(vm, old.Tag);
        Assert.Equal((LeaseState.Bound, heir.Id), (lease?.State, lease?.ContainerId));
        Assert.NotEqual(before, lease?.Id);
        Assert.Equal([heir.Id], await nest.ReadAsync(db => db.Containers.Select(c => c.Id).ToListAsync()));
        await agent.FetchAsync();
        Assert.Equal([heir.Id], agent.Work.Vms.Single().Containers.Select(c => c.Id));
    }

    [Fact]
    public async Task What_was_said_of_a_former_grant_confirms_nothing_of_the_next_one()
    {
        var (nest, vm, agent) = await RunningAsync();
        var first = await nest.ContainerAsync(vm, "c51", 51);
        await nest.NorthboundPassAsync(1);
        await agent.PassAsync();
        await nest.DeleteAsync(first);
        await nest.NorthboundPassAsync(2);
        agent.NbCfg = 2;
        await agent.PassAsync();
        var farewell = new Contracts.HostReport(agent.Work.Cursor, "ubuntu2", 9, [], [], [first.Id], []);

        var second = await nest.ContainerAsync(vm, "d51", 51);
        await nest.NorthboundPassAsync(3);
        await agent.PassAsync();
        await nest.DeleteAsync(second);
        await nest.NorthboundPassAsync(4);
        await agent.SendAsync(farewell); // held up on its way
        Assert.Equal(
            (LeaseState.Draining, second.Id),
            await nest.ReadAsync(db => db.VlanLeases.Select(l => new ValueTuple<LeaseState, Guid?>(l.State, l.ContainerId)).SingleAsync())
        );
    }

    [Fact]
    public async Task A_container_with_another_tag_is_ready_only_when_nothing_on_its_host_leads_to_the_former_one()
    {
        var (nest, vm, agent) = await RunningAsync();
        var c51 = await nest.ContainerAsync(vm, "c51", 51);
        await nest.NorthboundPassAsync(1);
        agent.NbCfg = 1;
        await agent.PassAsync();
        Assert.Equal(Reason.Ready, (await ReasonAsync()).Reason);

        Assert.Null(await nest.TryRetagAsync(vm, c51, 60));
        Assert.Equal(Reason.HostPending, (await ReasonAsync()).Reason);
        await nest.NorthboundPassAsync(2);
        await agent.PassAsync();

        // The NB says 60 and the host's port bears it, but a stopped ovn-controller's flows still lead to 51.
        Assert.Equal(
            (Reason.HostPending, "Host ubuntu2 has not confirmed yet that the former tag 51 is no longer in use."),
            await ReasonAsync()
        );
        agent.NbCfg = 2;
        await agent.ReportAsync();
        Assert.Equal(Reason.Ready, await nest.ReadAsync(db => db.Containers.Select(c => c.Reason).SingleAsync()));

        async Task<(Reason Reason, string Message)> ReasonAsync()
        {
            await nest.DoAsync(db => Readiness.EvaluateAsync(db, [c51.Id], default));
            return await nest.ReadAsync(async db => (await db.Containers.SingleAsync()) is var c ? (c.Reason, c.Message) : default);
        }
    }

    [Fact]
    public async Task A_moved_vm_comes_to_its_new_host_when_the_old_one_has_let_go()
    {
        var (nest, vm, agent) = await RunningAsync();
        var container = await nest.ContainerAsync(vm, "c51");
        await nest.NorthboundPassAsync(1);
        await agent.PassAsync();
        var other = await nest.HostAsync("ubuntu3");
        var next = new InstallationAgent(nest, other);
        await nest.MoveAsync(vm, other);
        await nest.NorthboundPassAsync(2);
        await next.FetchAsync();
        Assert.Empty(next.Work.Vms);
        await nest.DoAsync(db => Readiness.EvaluateAsync(db, [vm.Id], default));
        Assert.Equal(
            [Reason.Moving, Reason.Moving],
            await nest.ReadAsync(async db => new[] { (await db.Vms.SingleAsync()).Reason, (await db.Containers.SingleAsync()).Reason })
        );

        await agent.PassAsync();
        await next.FetchAsync();
        Assert.Equal(container.Id, next.Work.Vms.Single().Containers.Single().Id);
        Assert.True(await nest.ReadAsync(db => db.Vms.AnyAsync(v => v.DirtySeq > v.ReconciledSeq)));
    }

    [Fact]
    public async Task A_silent_host_is_left_by_force_and_the_port_gets_another_name()
    {
        var (nest, vm, agent) = await RunningAsync();
        var container = await nest.ContainerAsync(vm, "c51");
        await nest.NorthboundPassAsync(1);
        await agent.PassAsync();
        var other = await nest.HostAsync("ubuntu3");
        await nest.MoveAsync(vm, other);
        await nest.DoAsync(db => nest.Settlement.ForceObjectAsync(db, vm.Id, default));
        var next = new InstallationAgent(nest, other);
        await next.FetchAsync();
        Assert.Equal(container.Id, next.Work.Vms.Single().Containers.Single().Id);
        Assert.NotEqual(vm.PortName, next.Work.Vms.Single().PortName);
        Assert.NotEqual(container.PortUuid, await nest.ReadAsync(db => db.Containers.Select(c => c.PortUuid).SingleAsync()));
    }

    [Fact]
    public async Task A_vm_that_goes_with_its_containers_leaves_no_rows()
    {
        var nest = await Installation.CreateAsync();
        var (network, host) = (await nest.NetworkAsync(), await nest.HostAsync());
        var agent = new InstallationAgent(nest, host);
        var before = await nest.CountsAsync();
        var vm = await nest.VmAsync("vm5", network, host);
        foreach (var name in new[] { "c51", "c52", "c53" })
        {
            await nest.ContainerAsync(vm, name);
        }

        await nest.NorthboundPassAsync(1);
        await agent.PassAsync();
        Assert.Equal("1 VMs, 3 containers, 3 leases, 3 holds, 4 addresses, 0 names, 4 placements", await nest.CountsAsync());
        await nest.DeleteAsync(vm);
        await nest.NorthboundPassAsync(2);
        await agent.PassAsync();
        Assert.Equal(before, await nest.CountsAsync());
        Assert.Equal(3, await nest.ReadAsync(db => db.VlanHistory.CountAsync(t => t.Until != null)));
        Assert.Equal(4, await nest.ReadAsync(db => db.Changes.CountAsync(c => c.Action == "deleted")));
    }

    [Fact]
    public async Task A_vm_made_again_under_its_name_waits_for_the_host_to_let_go_of_the_old_one()
    {
        var (nest, old, agent) = await RunningAsync();
        await nest.NorthboundPassAsync(1);
        await agent.PassAsync();
        await nest.DeleteAsync(old);
        var network = await nest.ReadAsync(db => db.Networks.SingleAsync());
        var host = await nest.ReadAsync(db => db.Hosts.SingleAsync());
        var heir = await nest.VmAsync("vm5", network, host);
        Assert.Equal((old.Ip, old.Mac), (heir.Ip, heir.Mac));
        await nest.NorthboundPassAsync(2);
        await agent.FetchAsync();
        Assert.Empty(agent.Work.Vms);
        await agent.PassAsync();
        await agent.FetchAsync();
        Assert.Equal(heir.Id, agent.Work.Vms.Single().Id);
    }

    private static async Task<(Installation Nest, Vm Vm, InstallationAgent Agent)> RunningAsync()
    {
        var nest = await Installation.CreateAsync();
        var host = await nest.HostAsync();
        return (nest, await nest.VmAsync("vm5", await nest.NetworkAsync(), host), new InstallationAgent(nest, host));
    }
}
