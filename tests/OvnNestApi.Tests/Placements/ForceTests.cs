using System.Net;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Contracts;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Placements;

/// <summary><c>force</c> does not wait for hosts that are silent. They get the removals when they return.</summary>
public sealed class ForceTests
{
    [Fact]
    public async Task A_forced_deletion_waits_for_a_host_that_is_alive()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await RunningAsync(nest);
        (await nest.Api.DeleteAsync("/v1/vms/vm5?cascade=true&force=true")).Is(HttpStatusCode.Accepted);
        await nest.SettledAsync();
        await agent.FetchAsync();
        Assert.Equal(["c51", "vm5"], agent.Work.Remove.Select(removal => removal.Name));
        Assert.Equal(1, await nest.ReadAsync(db => db.Vms.CountAsync()));

        await agent.PassAsync();
        agent.NbCfg = 100;
        await agent.ReportAsync();
        Assert.Equal(0, await nest.ReadAsync(db => db.Vms.CountAsync()));
    }

    [Fact]
    public async Task A_silent_host_gets_the_removals_of_a_forced_deletion_when_it_returns_and_nothing_waits_for_them()
    {
        await using var nest = await StartAsync();
        var agent = await RunningAsync(nest);
        var former = agent.Work.Vms.Single();
        await nest.SilentAsync(agent);
        (await nest.Api.DeleteAsync("/v1/vms/vm5?cascade=true&force=true")).IsSuccess();
        await nest.SettledAsync();
        await Eventually.Holds("the VM is gone", async () => await nest.ReadAsync(db => db.Vms.CountAsync()) == 0);

        var next = await nest.VmAsync(host: agent.Host);
        Assert.Equal(51, (await nest.ContainerAsync("c51", 51)).Tag);
        await nest.SettledAsync();
        await agent.FetchAsync();
        Assert.Equal(next.Id, agent.Work.Vms.Single().Id);
        Assert.Equal([former.Containers.Single().Id, former.Id], agent.Work.Remove.Select(removal => removal.Id));
        Assert.Equal([former.Bridge, former.Bridge], agent.Work.Remove.Select(removal => removal.Bridge));

        // The agent has applied the work but still has the former bridge; it confirms only what is gone.
        await agent.SendAsync(agent.Report() with { Removed = [former.Containers.Single().Id] });
        await agent.FetchAsync();
        Assert.Equal([former.Id], agent.Work.Remove.Select(removal => removal.Id));
        await agent.PassAsync();
        await agent.FetchAsync();
        Assert.Empty(agent.Work.Remove);
        Assert.Equal("c51", agent.Work.Vms.Single().Containers.Single().Name);
    }

    [Fact]
    public async Task A_VM_moves_from_a_silent_host_only_by_force_and_the_host_removes_it_when_it_returns()
    {
        await using var nest = await StartAsync();
        var former = await RunningAsync(nest);
        var old = former.Work.Vms.Single();
        var next = await nest.HostAsync("ubuntu3");
        await next.PassAsync();
        await nest.SilentAsync(former);
        await nest.VmAsync(host: next.Host);
        await nest.SettledAsync();
        await next.FetchAsync();
        Assert.Empty(next.Work.Vms);

        var editor = ("Authorization", $"Bearer {await nest.Api.KeyAsync(Role.Editor)}");
        const string patch = """{"spec":{"host":"ubuntu3"}}""";
        (await nest.Api.PatchAsync("/v1/vms/vm5?force=true", patch, editor)).IsProblem("forbidden");
        var before = (await nest.Api.GetAsync("/v1/vms/vm5")).ETag;
        var moved = (await nest.Api.PatchAsync("/v1/vms/vm5?force=true", patch)).IsSuccess();
        Assert.NotEqual(before, moved.ETag);
        await next.FetchAsync();
        var wanted = next.Work.Vms.Single();
        Assert.Equal((old.Id, old.Containers.Single().Tag), (wanted.Id, wanted.Containers.Single().Tag));
        Assert.NotEqual(old.PortName, wanted.PortName);
        await nest.SettledAsync();
        Assert.Equal(new[] { "dmz-vm5-c51", wanted.PortName }.Order(StringComparer.Ordinal), await nest.PortsAsync());
        Assert.Contains("ubuntu3", await nest.GetAsync(wanted.PortName, "options"), StringComparison.Ordinal);
        Assert.Equal(wanted.PortName, await nest.GetAsync("dmz-vm5-c51", "parent_name"));
        await next.PassAsync();

        await former.FetchAsync();
        Assert.Empty(former.Work.Vms);
        Assert.Equal([old.Containers.Single().Id, old.Id], former.Work.Remove.Select(removal => removal.Id));
        await former.PassAsync();
        await former.FetchAsync();
        Assert.Empty(former.Work.Remove);
        Assert.Equal(LeaseState.Bound, (await nest.LeaseAsync(51))?.State);
        Assert.Equal(1, await nest.ReadAsync(db => db.Changes.CountAsync(c => c.Action == "forced" && c.Kind == "vm")));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"dmz-vm5\"")]
    public async Task A_port_that_was_left_on_a_silent_host_does_not_get_its_former_name_again(string portName)
    {
        await using var nest = await StartAsync();
        var former = await RunningAsync(nest);
        await nest.HostAsync("ubuntu3");
        await nest.SilentAsync(former);
        var moved = await PutAsync("", "?force=true");
        Assert.NotEqual("dmz-vm5", moved);
        Assert.Equal(moved, await PutAsync(""","enabled":false"""));

        const string other = """{"spec":{"network":"dmz","portName":"dmz-vm5"}}""";
        (await nest.Api.PutAsync("/v1/vms/other", other)).IsProblem("name-taken", "#/spec/portName");

        async Task<string?> PutAsync(string more, string query = "")
        {
            var body = $$$"""{"spec":{"network":"dmz","host":"ubuntu3","portName":{{{portName}}}{{{more}}}}}""";
            return (await nest.Api.PutAsync($"/v1/vms/vm5{query}", body)).Effective.GetProperty("portName").GetString();
        }
    }

    [Fact]
    public async Task A_VM_that_returns_to_a_host_it_was_taken_from_by_force_is_not_removed_there()
    {
        await using var nest = await StartAsync();
        var agent = await RunningAsync(nest);
        var next = await nest.HostAsync("ubuntu3");
        await nest.SilentAsync(agent);
        (await nest.Api.PatchAsync("/v1/vms/vm5?force=true", """{"spec":{"host":"ubuntu3"}}""")).IsSuccess();
        await nest.SilentAsync(next);
        (await nest.Api.PatchAsync("/v1/vms/vm5?force=true", """{"spec":{"host":"ubuntu2"}}""")).IsSuccess();
        await agent.FetchAsync();
        Assert.Equal("vm5", agent.Work.Vms.Single().Name);
        Assert.Empty(agent.Work.Remove);
    }

    [Fact]
    public async Task A_host_that_returned_is_deleted_after_it_has_confirmed_and_a_silent_one_only_by_force()
    {
        await using var nest = await StartAsync();
        var agent = await RunningAsync(nest);
        await nest.SilentAsync(agent);
        (await nest.Api.DeleteAsync("/v1/vms/vm5?cascade=true&force=true")).IsSuccess();
        await nest.SettledAsync();
        await Eventually.Holds("the VM is gone", async () => await nest.ReadAsync(db => db.Vms.CountAsync()) == 0);
        (await nest.Api.DeleteAsync("/v1/hosts/ubuntu2")).IsProblem("in-use");
        (await nest.Api.DeleteAsync("/v1/hosts/ubuntu2?force=true")).IsSuccess();
        await nest.SweepAsync();
        Assert.Equal((0, 0), await nest.ReadAsync(async db => (await db.Hosts.CountAsync(), await db.Leftovers.CountAsync())));
    }

    [Fact]
    public async Task A_forced_deletion_of_a_host_that_is_alive_waits_until_it_has_removed_everything()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await RunningAsync(nest);
        (await nest.Api.DeleteAsync("/v1/hosts/ubuntu2?cascade=true&force=true")).Is(HttpStatusCode.Accepted);
        await nest.SettledAsync();
        agent.NbCfg = 100;
        await agent.PassAsync();
        await nest.SweepAsync();
        Assert.Equal((0, 0), await nest.ReadAsync(async db => (await db.Hosts.CountAsync(), await db.Vms.CountAsync())));
    }

    [Fact]
    public async Task An_admin_has_unknown_items_of_a_host_removed_by_the_id_that_the_host_reports()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await RunningAsync(nest);
        var id = Guid.CreateVersion7();
        var path = $"/v1/hosts/{agent.Host}/unknown/{id}";
        (await nest.Api.DeleteAsync(path)).IsProblem("not-found");
        var report = agent.Report() with { Unknown = [new UnknownObject(id, "bridge br-old, port old, " + new string('x', 300))] };
        await agent.SendAsync(report);
        (await nest.Api.DeleteAsync(path, ("Authorization", $"Bearer {await nest.Api.KeyAsync(Role.Editor)}"))).IsProblem("forbidden");
        (await nest.Api.DeleteAsync($"/v1/hosts/{agent.Host}/unknown/{agent.Work.Vms.Single().Id}")).IsProblem("not-found");
        (await nest.Api.DeleteAsync(path)).Is(HttpStatusCode.NoContent);
        (await nest.Api.DeleteAsync(path)).Is(HttpStatusCode.NoContent);

        // A report about the work before the request confirms nothing.
        await agent.SendAsync(report with { Removed = [id] });
        await agent.FetchAsync();
        Assert.Equal([id], agent.Work.Remove.Select(removal => removal.Id));
        await agent.PassAsync();
        await agent.FetchAsync();
        Assert.Empty(agent.Work.Remove);
        Assert.Equal("vm5", agent.Work.Vms.Single().Name);
    }

    private static Task<ReconciledInstallation> StartAsync() => ReconciledInstallation.StartAsync(("Hosts:SilentAfter", "00:00:01"));

    /// <summary>Creates host ubuntu2 with vm5 and container c51 of tag 51; the host has applied its work.</summary>
    private static async Task<SimulatedAgent> RunningAsync(ReconciledInstallation nest)
    {
        var agent = await nest.HostAsync();
        await nest.LabAsync(1, agent.Host);
        await agent.PassAsync();
        return agent;
    }
}
