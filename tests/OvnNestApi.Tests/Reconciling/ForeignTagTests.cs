using System.Net;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>
/// Tags that ports use which this service did not create: they count as taken, and a choice that meets one is made again.
/// </summary>
public sealed class ForeignTagTests
{
    [Fact]
    public async Task A_tag_of_a_foreign_child_port_is_not_chosen_and_a_request_for_it_is_refused_with_the_name_of_the_port()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await StartAsync(nest);
        await nest.NbctlAsync("lsp-add", "dmz", "hand", "dmz-vm5", "200");
        var before = await nest.NbctlAsync("list", "Logical_Switch_Port", "hand");
        await nest.LeaseBecomesAsync(200, LeaseState.Foreign);

        Assert.Equal(201, (await nest.ContainerAsync("c1")).Tag);
        var refused = (await nest.PutContainerAsync("c2", 200)).Is(HttpStatusCode.Conflict);
        Assert.Equal("vlan-tag-taken", refused.Json.GetProperty("code").GetString());
        Assert.Contains("port hand (", refused.Text, StringComparison.Ordinal);
        var reserved = await nest.Api.PutAsync("/v1/vms/vm5/vlan-leases/200", """{"spec":{"owner":"web"}}""");
        Assert.Contains("port hand (", reserved.Is(HttpStatusCode.Conflict).Text, StringComparison.Ordinal);
        var map = (await nest.Api.GetAsync("/v1/vms/vm5/vlan-map")).Json;
        Assert.Equal(1, map.GetProperty("counts").GetProperty("foreign").GetInt32());
        Assert.StartsWith("port hand (", map.GetProperty("tags")[0].GetProperty("waitingFor")[0].GetString(), StringComparison.Ordinal);
        await nest.SettledAsync();
        Assert.Equal(before, await nest.NbctlAsync("list", "Logical_Switch_Port", "hand"));
    }

    [Fact]
    public async Task A_tag_of_a_foreign_child_port_drains_and_is_free_after_the_port_is_deleted()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await StartAsync(nest);
        await nest.NbctlAsync("lsp-add", "dmz", "hand", "dmz-vm5", "200");
        await nest.LeaseBecomesAsync(200, LeaseState.Foreign);

        await nest.NbctlAsync("lsp-del", "hand");
        var lease = await nest.BarrierAsync(200);
        Assert.Equal(HttpStatusCode.Conflict, (await nest.PutContainerAsync("c1", 200)).Status);

        await nest.SetHvCfgAsync(lease.DrainNbCfg!.Value);
        await nest.CooledAsync(200);
        Assert.Equal(200, (await nest.ContainerAsync("c1", 200)).Tag);
    }

    [Fact]
    public async Task A_chosen_tag_that_a_foreign_child_port_takes_later_is_given_up_for_another_one()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await StartAsync(nest);
        var container = await nest.ContainerAsync("c1");
        await nest.SettledAsync();
        Assert.Equal(200, container.Tag);

        await nest.NbctlAsync("lsp-add", "dmz", "hand", "dmz-vm5", "200");
        await nest.PortBecomesAsync("dmz-vm5-c1", "tag_request", "201");
        var former = await nest.BarrierAsync(200);
        Assert.StartsWith("port hand (", former.UsedBy, StringComparison.Ordinal);
        await nest.SetHvCfgAsync(former.DrainNbCfg!.Value);
        await nest.LeaseBecomesAsync(200, LeaseState.Foreign);
        var changes = await nest.ReadAsync(db => db.Changes.Where(one => one.Action == "status" && one.Name == "c1").ToListAsync());
        var chosen = Assert.Single(changes, change => change.After!.Contains("vlan", StringComparison.Ordinal));
        Assert.Equal("reconciler", chosen.By);
        Assert.Contains("hand", chosen.After, StringComparison.Ordinal);
        Assert.Null((await nest.ReadAsync(container)).RejectedAs);
        Assert.Equal("200", await nest.GetAsync("hand", "tag_request"));
    }

    [Fact]
    public async Task A_foreign_child_port_with_the_tag_of_a_container_does_not_hold_up_its_deletion_and_keeps_the_tag_from_others()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await nest.HostAsync();
        await StartAsync(nest, agent.Host);
        await nest.ContainerAsync("c1", 200);
        await nest.ContainerAsync("c2", 201);
        await nest.SettledAsync();
        await agent.PassAsync();
        await nest.NbctlAsync("lsp-add", "dmz", "hand", "dmz-vm5", "200");

        await nest.DeleteContainerAsync("c1");
        await nest.DeleteContainerAsync("c2");
        var former = await nest.BarrierAsync(201);
        await nest.NbctlAsync("lsp-add", "dmz", "hand2", "dmz-vm5", "201");
        await Eventually.Holds("the second port is recorded", async () => (await nest.LeaseAsync(201))!.UsedBy is not null);
        Assert.Equal(former.DrainNbCfg, (await nest.BarrierAsync(201)).DrainNbCfg);
        agent.NbCfg = Math.Max(former.DrainNbCfg!.Value, (await nest.BarrierAsync(200)).DrainNbCfg!.Value);
        await agent.PassAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await nest.Api.GetAsync("/v1/vms/vm5/containers/c1")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await nest.Api.GetAsync("/v1/vms/vm5/containers/c2")).Status);
        foreach (var (tag, port) in new[] { (200, "port hand ("), (201, "port hand2 (") })
        {
            var lease = await nest.LeaseBecomesAsync(tag, LeaseState.Foreign);
            Assert.Null(lease.ContainerId);
            Assert.StartsWith(port, lease.UsedBy, StringComparison.Ordinal);
            var refused = (await nest.PutContainerAsync("c3", tag)).Is(HttpStatusCode.Conflict);
            Assert.Contains(port, refused.Text, StringComparison.Ordinal);
        }

        await nest.NbctlAsync("lsp-del", "hand");
        agent.NbCfg = (await nest.BarrierAsync(200)).DrainNbCfg!.Value;
        await agent.ReportAsync();
        await nest.CooledAsync(200);
        Assert.Equal(200, (await nest.ContainerAsync("c3", 200)).Tag);
        (await nest.Api.DeleteAsync("/v1/vms/vm5?cascade=true")).IsSuccess();
    }

    [Fact]
    public async Task A_foreign_child_port_that_goes_before_the_host_has_released_the_tag_is_drained_as_well()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await nest.HostAsync();
        await StartAsync(nest, agent.Host);
        await nest.ContainerAsync("c1", 200);
        await nest.SettledAsync();
        await agent.PassAsync();
        await nest.NbctlAsync("lsp-add", "dmz", "hand", "dmz-vm5", "200");
        await nest.DeleteContainerAsync("c1");
        var former = await nest.BarrierAsync(200);
        Assert.StartsWith("port hand (", former.UsedBy, StringComparison.Ordinal);

        await nest.NbctlAsync("lsp-del", "hand");
        var lease = await Eventually.Becomes("the port is no longer recorded", () => nest.LeaseAsync(200), lease => lease!.UsedBy is null);
        Assert.True(lease!.DrainNbCfg > former.DrainNbCfg);
        agent.NbCfg = former.DrainNbCfg!.Value;
        await agent.PassAsync();
        Assert.Equal(LeaseState.Draining, (await nest.LeaseAsync(200))!.State);
        agent.NbCfg = lease.DrainNbCfg!.Value;
        await agent.ReportAsync();
        await nest.CooledAsync(200);
    }

    [Fact]
    public async Task A_tag_that_an_older_database_does_not_know_is_taken_while_the_NB_or_a_host_has_it()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await nest.HostAsync();
        await StartAsync(nest, agent.Host);
        await nest.ContainerAsync("c1");
        await nest.ContainerAsync("c2");
        await nest.SettledAsync();
        await agent.PassAsync();

        // As in a database that was restored from a backup made before the second container was created.
        await nest.StopReconcilerAsync();
        await nest.ExecuteAsync(
            $"""
            DELETE FROM addresses WHERE owner_id IN (SELECT id FROM containers WHERE name = 'c2');
            DELETE FROM claimed_names WHERE owner_id IN (SELECT id FROM containers WHERE name = 'c2');
            DELETE FROM placements WHERE name = 'c2';
            DELETE FROM vlan_leases WHERE tag = 201;
            DELETE FROM vlan_history WHERE tag = 201;
            UPDATE vms SET next_tag = 201;
            DELETE FROM containers WHERE name = 'c2'
            """
        );
        await nest.StartProcessAsync();
        await nest.LeaseBecomesAsync(201, LeaseState.Foreign);
        await agent.ReportAsync();
        Assert.Equal(202, (await nest.ContainerAsync("c3")).Tag);

        // The stray row is deleted, but the host still has the port.
        await nest.NbctlAsync("lsp-del", "dmz-vm5-c2");
        await nest.BarrierAsync(201);
        agent.NbCfg = (await nest.LeaseAsync(201))!.DrainNbCfg!.Value;
        await agent.PassAsync();
        await nest.SweepAsync();
        Assert.Equal(LeaseState.Draining, (await nest.LeaseAsync(201))!.State);
        Assert.Contains("dmz-vm5-c2", (await nest.PutContainerAsync("c4", 201)).Is(HttpStatusCode.Conflict).Text, StringComparison.Ordinal);

        agent.Forget(201);
        await agent.ReportAsync();
        await nest.CooledAsync(201);
    }

    [Fact]
    public async Task A_tag_that_only_a_host_shows_is_taken_until_the_host_no_longer_shows_it()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await nest.HostAsync();
        var vm = await StartAsync(nest, agent.Host);
        await agent.PassAsync();
        agent.Add(vm.Id, 200);
        await agent.ReportAsync();

        var lease = await nest.BarrierAsync(200);
        Assert.Equal("a port on the bridge of host ubuntu2", lease.UsedBy);
        Assert.Equal(201, (await nest.ContainerAsync("c1")).Tag);
        Assert.Contains(
            "host ubuntu2",
            (await nest.PutContainerAsync("c2", 200)).Is(HttpStatusCode.Conflict).Text,
            StringComparison.Ordinal
        );

        agent.Forget(200);
        agent.NbCfg = lease.DrainNbCfg!.Value;
        await agent.ReportAsync();
        await nest.CooledAsync(200);
    }

    private static async Task<Vm> StartAsync(ReconciledInstallation nest, string? host = null)
    {
        await nest.NetworkAsync();
        var vm = await nest.VmAsync(host: host, ranges: "200-209");
        await nest.SettledAsync();
        return vm;
    }
}
