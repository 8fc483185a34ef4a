using Microsoft.EntityFrameworkCore;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Conditions;

/// <summary>Ports whose network has a larger MTU than the tunnels of their host carry.</summary>
public sealed class TunnelMtuTests
{
    [Fact]
    public async Task Ports_are_ready_only_while_the_tunnels_of_their_host_carry_the_MTU_of_their_network()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await nest.HostAsync();
        await nest.LabAsync(1, agent.Host);
        await nest.SetPortsUpAsync();
        await Eventually.Holds("both ports are up", () => nest.ReadAsync(db => db.Containers.AnyAsync(c => c.Up && db.Vms.Any(v => v.Up))));
        await agent.PassAsync();
        Assert.Equal((Reason.Ready, Reason.Ready), await ReasonsAsync()); // the agent could not find the MTU of the tunnels

        agent.TunnelMtu = 1400;
        await agent.ReportAsync();
        Assert.Equal((Reason.MtuTooLarge, Reason.MtuTooLarge), await ReasonsAsync());
        var message = await nest.ReadAsync(db => db.Containers.Select(c => c.Message).SingleAsync());
        Assert.Contains("Set dhcp.mtu of the network to 1400 or less", message, StringComparison.Ordinal);
        var host = await nest.Api.GetAsync($"/v1/hosts/{agent.Host}");
        Assert.Equal(1400, host.Json.GetProperty("status").GetProperty("agent").GetProperty("tunnelMtu").GetInt32());

        await nest.NetworkAsync(spec: """{"subnet":"172.16.0.0/16","gateway":"172.16.0.1","dhcp":{"mtu":1400}}""");
        await nest.SettledAsync();
        await agent.PassAsync();
        Assert.Equal((Reason.Ready, Reason.Ready), await ReasonsAsync());

        agent.TunnelMtu = 1399;
        await agent.ReportAsync();
        Assert.Equal((Reason.MtuTooLarge, Reason.MtuTooLarge), await ReasonsAsync());
        agent.TunnelMtu = 8942;
        await agent.ReportAsync();
        Assert.Equal((Reason.Ready, Reason.Ready), await ReasonsAsync());

        Task<(Reason, Reason)> ReasonsAsync() =>
            nest.ReadAsync(async db => ((await db.Vms.SingleAsync()).Reason, (await db.Containers.SingleAsync()).Reason));
    }
}
