using System.Net;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Contracts;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Placements;

/// <summary>When the tag, the address and the name of a removed resource can be used again.</summary>
public sealed class ReleaseTests
{
    [Fact]
    public async Task A_tag_is_never_reused_before_the_host_has_confirmed_that_its_flows_do_not_use_it()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await RunningAsync(nest);
        await nest.DeleteContainerAsync("c51");
        var barrier = (await nest.BarrierAsync(51)).DrainNbCfg!.Value;

        // The NB no longer has the tag. The host has removed the port, but its flows are older than the barrier.
        agent.NbCfg = barrier - 1;
        await agent.PassAsync();
        Assert.Equal(LeaseState.Draining, (await nest.LeaseAsync(51))?.State);
        var refused = (await nest.PutContainerAsync("c52", 51)).IsProblem("vlan-tag-taken");
        Assert.True(refused.Json.GetProperty("retryable").GetBoolean());

        agent.NbCfg = barrier;
        await agent.ReportAsync();
        Assert.Equal(LeaseState.Cooling, (await nest.LeaseAsync(51))?.State);
        Assert.Equal(51, (await nest.ContainerAsync("c52", 51)).Tag);
    }

    [Fact]
    public async Task A_tag_is_never_reused_while_a_port_of_the_bridge_has_it()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await RunningAsync(nest);
        await nest.DeleteContainerAsync("c51");
        (agent.NbCfg, agent.LeavesPorts) = ((await nest.BarrierAsync(51)).DrainNbCfg!.Value, true);
        await agent.PassAsync();
        Assert.Equal(LeaseState.Draining, (await nest.LeaseAsync(51))?.State);

        agent.LeavesPorts = false;
        await agent.PassAsync();
        Assert.Equal(LeaseState.Cooling, (await nest.LeaseAsync(51))?.State);
    }

    [Fact]
    public async Task A_tag_is_never_reused_before_the_NB_is_without_it_and_an_earlier_confirmation_of_the_host_stays_valid()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await RunningAsync(nest);
        nest.Server.Send(Signal.Pause);
        await nest.DeleteContainerAsync("c51");
        agent.NbCfg = 100;
        await agent.PassAsync();
        var draining = await nest.LeaseAsync(51);
        Assert.Equal((LeaseState.Draining, null), (draining?.State, draining?.DrainNbCfg));

        nest.Server.Send(Signal.Continue);
        await nest.CooledAsync(51);
    }

    [Fact]
    public async Task A_report_about_older_work_confirms_nothing()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await RunningAsync(nest);
        var c51 = await nest.ReadAsync(db => db.Containers.SingleAsync());
        await nest.ContainerAsync("c52", 52);
        await nest.SettledAsync();
        await agent.PassAsync();
        await nest.DeleteContainerAsync("c51");
        await nest.BarrierAsync(51);

        var stale = new HostReport(agent.Work.Cursor, agent.Host, 99, [], [], [c51.Id], []);
        await agent.SendAsync(stale);
        Assert.Equal(2, await nest.ReadAsync(db => db.Containers.CountAsync()));
        Assert.Equal(LeaseState.Draining, (await nest.LeaseAsync(51))?.State);

        // A cursor of another installation, which never had this revision.
        await agent.SendAsync(stale with { Cursor = "1.00000000000000000000000000000000.999" });
        Assert.Equal(LeaseState.Draining, (await nest.LeaseAsync(51))?.State);
    }

    [Fact]
    public async Task A_tag_that_no_host_has_got_drains_until_all_chassis_have_reached_the_barrier()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.LabAsync(1);
        await nest.DeleteContainerAsync("c51");
        var barrier = (await nest.BarrierAsync(51)).DrainNbCfg!.Value;
        await nest.SetHvCfgAsync(barrier - 1);
        await Eventually.Becomes("the value is recorded", nest.LeaderAsync, leader => leader.HvCfg == barrier - 1);
        Assert.Equal(LeaseState.Draining, (await nest.LeaseAsync(51))?.State);
        await nest.SetHvCfgAsync(barrier);
        await nest.CooledAsync(51);
    }

    [Fact]
    public async Task A_released_tag_cools_down_by_the_clock_of_the_database()
    {
        await using var nest = await ReconciledInstallation.StartAsync(("Leases:Cooldown", "00:01:00"));
        var agent = await RunningAsync(nest);
        await nest.DeleteContainerAsync("c51");
        agent.NbCfg = (await nest.BarrierAsync(51)).DrainNbCfg!.Value;
        await agent.PassAsync();
        var refused = (await nest.PutContainerAsync("c52", 51)).IsProblem("vlan-tag-taken");
        Assert.Contains("cooling down", refused.Detail, StringComparison.Ordinal);
        await nest.ExecuteAsync($"UPDATE vlan_leases SET cool_until = now() - interval '1 ms' WHERE state = 'Cooling'");
        Assert.Equal(51, (await nest.ContainerAsync("c52", 51)).Tag);
    }

    [Fact]
    public async Task A_new_incarnation_of_a_container_keeps_tag_and_addresses_and_waits_for_the_removal_of_the_former_one()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await RunningAsync(nest);
        var former = await nest.ReadAsync(db => db.Containers.SingleAsync());
        var lease = (await nest.LeaseAsync(51))?.Id;
        await nest.DeleteContainerAsync("c51");
        var next = await nest.ContainerAsync("c51");
        Assert.NotEqual(former.Id, next.Id);
        Assert.Equal((former.Tag, former.Ip, former.Mac), (next.Tag, next.Ip, next.Mac));
        var barrier = (await nest.BarrierAsync(51)).DrainNbCfg!.Value;
        await agent.PassAsync();
        Assert.Empty(agent.Work.Vms.Single().Containers);
        Assert.Equal([former.Id], agent.Work.Remove.Select(r => r.Id));
        Assert.Equal(LeaseState.Draining, (await nest.LeaseAsync(51))?.State);

        agent.NbCfg = barrier;
        await agent.ReportAsync();
        var passedOn = await nest.LeaseAsync(51);
        Assert.Equal((LeaseState.Bound, next.Id), (passedOn?.State, passedOn?.ContainerId));
        Assert.NotEqual(lease, passedOn?.Id);
        Assert.Equal(next.Id, await nest.ReadAsync(db => db.Containers.Select(c => c.Id).SingleAsync()));
        await agent.FetchAsync();
        Assert.Equal([next.Id], agent.Work.Vms.Single().Containers.Select(c => c.Id));
    }

    [Fact]
    public async Task A_late_report_about_a_former_grant_of_a_tag_does_not_confirm_the_release_of_the_next_grant()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await RunningAsync(nest);
        var first = await nest.ReadAsync(db => db.Containers.SingleAsync());
        await nest.DeleteContainerAsync("c51");
        agent.NbCfg = (await nest.BarrierAsync(51)).DrainNbCfg!.Value;
        await agent.PassAsync();
        var late = new HostReport(agent.Work.Cursor, agent.Host, 1000, [], [], [first.Id], []);

        var second = await nest.ContainerAsync("d51", 51);
        await nest.SettledAsync();
        await agent.PassAsync();
        await nest.DeleteContainerAsync("d51");
        await nest.BarrierAsync(51);
        await agent.SendAsync(late);
        var lease = await nest.LeaseAsync(51);
        Assert.Equal((LeaseState.Draining, second.Id), (lease?.State, lease?.ContainerId));
    }

    [Fact]
    public async Task A_container_with_another_tag_is_ready_only_when_no_flow_on_its_host_uses_the_former_tag()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await RunningAsync(nest);
        await nest.SetPortsUpAsync();
        await Eventually.Becomes("the container is ready", ReasonAsync, seen => seen.Reason == "Ready");

        var changed = (await nest.PutContainerAsync("c51", 60)).IsSuccess();
        Assert.NotEqual("Ready", changed.Json.GetProperty("status").GetProperty("reason").GetString());
        await nest.PortBecomesAsync("dmz-vm5-c51", "tag_request", "60");
        await nest.SetPortsUpAsync();
        var barrier = (await nest.BarrierAsync(51)).DrainNbCfg!.Value;
        await agent.PassAsync();

        // The NB has tag 60 and so has the port on the host, but the flows of a stopped ovn-controller still use 51.
        await Eventually.Becomes("only the former tag is waited for", ReasonAsync, seen =>
            seen == ("HostPending", "Host ubuntu2 has not confirmed yet that the former tag 51 is no longer in use.")
        );
        agent.NbCfg = barrier;
        await agent.ReportAsync();
        Assert.Equal("Ready", (await ReasonAsync()).Reason);

        async Task<(string? Reason, string? Message)> ReasonAsync()
        {
            var status = (await nest.Api.GetAsync("/v1/vms/vm5/containers/c51")).Is(HttpStatusCode.OK).Json.GetProperty("status");
            return (status.GetProperty("reason").GetString(), status.GetProperty("message").GetString());
        }
    }

    [Fact]
    public async Task The_new_host_of_a_moved_VM_gets_it_when_the_former_host_has_removed_it()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var former = await RunningAsync(nest);
        var next = await nest.HostAsync("ubuntu3");
        await nest.VmAsync(host: next.Host);
        await nest.SettledAsync();
        await next.PassAsync();
        Assert.Empty(next.Work.Vms);
        Assert.Equal(
            (Reason.Moving, Reason.Moving),
            await nest.ReadAsync(async db => ((await db.Vms.SingleAsync()).Reason, (await db.Containers.SingleAsync()).Reason))
        );

        await former.PassAsync();
        await next.FetchAsync();
        Assert.Equal("c51", next.Work.Vms.Single().Containers.Single().Name);
        await Eventually.Becomes(
            "the port is requested on the new chassis",
            () => nest.GetAsync("dmz-vm5", "options"),
            options => options.Contains("ubuntu3", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task If_the_silent_former_host_of_a_moved_VM_is_deleted_by_force_the_port_gets_another_name()
    {
        await using var nest = await ReconciledInstallation.StartAsync(("Hosts:SilentAfter", "00:00:01"));
        var former = await RunningAsync(nest);
        var (vm, container) = await nest.ReadAsync(async db => (await db.Vms.SingleAsync(), await db.Containers.SingleAsync()));
        var next = await nest.HostAsync("ubuntu3");
        await nest.VmAsync(host: next.Host);
        await nest.SilentAsync(former);
        (await nest.Api.DeleteAsync($"/v1/hosts/{former.Host}?force=true")).IsSuccess();
        await next.FetchAsync();
        Assert.Equal(container.Id, next.Work.Vms.Single().Containers.Single().Id);
        Assert.NotEqual(vm.PortName, next.Work.Vms.Single().PortName);
        Assert.NotEqual(container.PortUuid, (await nest.ReadAsync(container)).PortUuid);
    }

    [Fact]
    public async Task A_deleted_VM_with_containers_leaves_no_rows()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.NetworkAsync();
        var agent = await nest.HostAsync();
        var before = await CountsAsync();
        await nest.VmAsync(host: agent.Host);
        foreach (var name in new[] { "c51", "c52", "c53" })
        {
            await nest.ContainerAsync(name);
        }

        await nest.SettledAsync();
        await agent.PassAsync();
        Assert.StartsWith(
            "1 VMs, 3 containers, 3 leases, 3 holds, 4 addresses, 4 placements, ",
            await CountsAsync(),
            StringComparison.Ordinal
        );
        await nest.DeleteVmAsync();
        await nest.SettledAsync();
        await agent.PassAsync();
        Assert.Equal(before, await CountsAsync());
        Assert.Equal(3, await nest.ReadAsync(db => db.VlanHistory.CountAsync(t => t.Until != null)));
        Assert.Equal(4, await nest.ReadAsync(db => db.Changes.CountAsync(c => c.Action == "deleted")));

        Task<string> CountsAsync() =>
            nest.ReadAsync(async db =>
                $"{await db.Vms.CountAsync()} VMs, {await db.Containers.CountAsync()} containers, "
                + $"{await db.VlanLeases.CountAsync()} leases, {await db.LeaseHolds.CountAsync()} holds, "
                + $"{await db.Addresses.CountAsync(a => a.FreedAt == null)} addresses, {await db.Placements.CountAsync()} placements, "
                + $"{await db.ClaimedNames.CountAsync()} names"
            );
    }

    [Fact]
    public async Task A_new_incarnation_of_a_VM_waits_until_the_host_has_removed_the_former_one()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await RunningAsync(nest);
        var former = await nest.ReadAsync(db => db.Vms.SingleAsync());
        await nest.DeleteVmAsync();
        var next = await nest.VmAsync(host: agent.Host);
        Assert.NotEqual(former.Id, next.Id);
        Assert.Equal((former.Ip, former.Mac), (next.Ip, next.Mac));
        await nest.SettledAsync();
        await agent.FetchAsync();
        Assert.Empty(agent.Work.Vms);
        await agent.PassAsync();
        await agent.FetchAsync();
        Assert.Equal(next.Id, agent.Work.Vms.Single().Id);
    }

    /// <summary>Creates host ubuntu2 with vm5 and container c51 of tag 51; the host has applied its work.</summary>
    private static async Task<SimulatedAgent> RunningAsync(ReconciledInstallation nest)
    {
        var agent = await nest.HostAsync();
        await nest.LabAsync(1, agent.Host);
        await agent.PassAsync();
        return agent;
    }
}
