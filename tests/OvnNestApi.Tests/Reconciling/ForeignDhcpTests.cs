using Microsoft.EntityFrameworkCore;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>
/// DHCP options of others on an existing switch: used only if a port of that switch uses them, or if the network names them.
/// </summary>
public sealed class ForeignDhcpTests
{
    private const string Existing = """{"subnet":"10.61.0.0/24","gateway":"10.61.0.1","switch":{"name":"tenant-a","existing":true}}""";

    [Fact]
    public async Task DHCP_options_of_another_tenant_with_the_same_subnet_are_not_used()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.NbctlAsync("ls-add", "tenant-a", "--", "ls-add", "tenant-b", "--", "lsp-add", "tenant-b", "b-1");
        var theirs = await CreateAsync(nest);
        await nest.NbctlAsync("lsp-set-dhcpv4-options", "b-1", theirs);
        await nest.NetworkAsync(spec: Existing);
        await nest.VmAsync();
        await nest.SettledAsync();

        var used = await nest.GetAsync("dmz-vm5", "dhcpv4_options");
        Assert.NotEqual(theirs, used);
        Assert.Contains("router=\"10.61.0.1\"", await nest.NbctlAsync("get", "DHCP_Options", used, "options"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_port_gets_other_DHCP_options_at_once_when_those_of_the_switch_come_and_go()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.NbctlAsync("ls-add", "tenant-a", "--", "lsp-add", "tenant-a", "a-1");
        await nest.NetworkAsync(spec: Existing);
        await nest.VmAsync();
        await nest.SettledAsync();
        var own = await nest.GetAsync("dmz-vm5", "dhcpv4_options");
        Assert.NotEqual("[]", own);

        var theirs = await CreateAsync(nest);
        await nest.NbctlAsync("lsp-set-dhcpv4-options", "a-1", theirs);
        await nest.PortBecomesAsync("dmz-vm5", "dhcpv4_options", theirs);
        await Eventually.Becomes("our row is deleted", () => nest.NbctlAsync("dhcp-options-list"), all => !all.Contains(own));

        await nest.NbctlAsync("dhcp-options-del", theirs);
        await nest.PortBecomesAsync("dmz-vm5", "dhcpv4_options", own);
        Assert.True(await nest.ReadAsync(db => db.Networks.AllAsync(network => network.Rejection == null)));
    }

    [Fact]
    public async Task Two_foreign_rows_that_the_ports_of_the_switch_use_are_listed_as_candidates()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.NbctlAsync("ls-add", "tenant-a", "--", "lsp-add", "tenant-a", "a-1", "--", "lsp-add", "tenant-a", "a-2");
        var (one, other) = (await CreateAsync(nest), await CreateAsync(nest));
        await nest.NbctlAsync("lsp-set-dhcpv4-options", "a-1", one, "--", "lsp-set-dhcpv4-options", "a-2", other);
        var network = await nest.NetworkAsync(spec: Existing);
        var refused = await Eventually.Becomes(
            "the network is rejected",
            () => nest.ReadAsync(db => db.Networks.AsNoTracking().SingleAsync(stored => stored.Id == network.Id)),
            stored => stored.Rejection is not null
        );
        Assert.Contains(one, refused.Rejection, StringComparison.Ordinal);
        Assert.Contains(other, refused.Rejection, StringComparison.Ordinal);

        await nest.NbctlAsync("clear", "Logical_Switch_Port", "a-2", "dhcpv4_options");
        await nest.VmAsync();
        await nest.PortBecomesAsync("dmz-vm5", "dhcpv4_options", one);
    }

    private static async Task<string> CreateAsync(ReconciledInstallation nest) =>
        (
            await nest.NbctlAsync(
                "create",
                "DHCP_Options",
                "cidr=10.61.0.0/24",
                """options="server_id"="10.61.0.254" "server_mac"="fa:16:3e:00:00:bb" "lease_time"="43200" "router"="10.61.0.254" """
            )
        ).Trim();
}
