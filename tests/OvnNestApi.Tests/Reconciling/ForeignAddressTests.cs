using System.Net;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>
/// Addresses of ports that others have on the switches of our networks: they count as taken, and a choice that meets one is made again.
/// </summary>
public sealed class ForeignAddressTests
{
    private const string Existing =
        """{"subnet":"10.44.0.0/24","gateway":"10.44.0.1","switch":{"name":"theirs","existing":true},"dhcp":{"enabled":false}}""";

    [Fact]
    public async Task Addresses_of_foreign_ports_are_not_chosen_and_requests_for_them_are_refused_with_the_name_of_the_port()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await TheirsAsync(nest);
        await nest.NbctlAsync([
            "lr-add",
            "gw",
            "--",
            "lrp-add",
            "gw",
            "gw-theirs",
            "02:00:00:00:04:09",
            "10.44.0.5/24",
            "--",
            "lsp-add",
            "theirs",
            "to-gw",
            "--",
            "lsp-set-type",
            "to-gw",
            "router",
            "--",
            "lsp-set-addresses",
            "to-gw",
            "router",
            "--",
            "lsp-set-options",
            "to-gw",
            "router-port=gw-theirs",
            "--",
            "lsp-add",
            "theirs",
            "dynamic",
            "--",
            "lsp-set-addresses",
            "dynamic",
            "dynamic",
            "--",
            "set",
            "Logical_Switch_Port",
            "dynamic",
            "dynamic_addresses=\"02:00:00:00:04:06 10.44.0.6\"",
        ]);
        var before = await nest.NbctlAsync("list", "Logical_Switch_Port");
        await nest.NetworkAsync(spec: Existing);
        await RecordedAsync(nest, 5);

        Assert.Equal("10.44.0.4", (await nest.VmAsync("vm4")).Ip.ToString());
        Assert.Equal("10.44.0.7", (await nest.VmAsync("vm7")).Ip.ToString());
        foreach (
            var (field, value, port) in new[]
            {
                ("ip", "10.44.0.3", "f-3"),
                ("mac", "02:00:00:00:04:02", "f-2"),
                ("ip", "10.44.0.5", "to-gw"),
            }
        )
        {
            var refused = await nest.Api.PutAsync("/v1/vms/vm9", $$$"""{"spec":{"network":"dmz","{{{field}}}":"{{{value}}}"}}""");
            Assert.Equal("address-taken", refused.Is(HttpStatusCode.Conflict).Json.GetProperty("code").GetString());
            Assert.Contains($"port {port} (", refused.Text, StringComparison.Ordinal);
        }

        (await nest.Api.DeleteAsync("/v1/networks/dmz?cascade=true")).IsSuccess();
        await Eventually.Holds("the network is gone", async () => !await nest.ReadAsync(db => db.Networks.AnyAsync()));
        Assert.Equal(before, await nest.NbctlAsync("list", "Logical_Switch_Port"));
    }

    [Fact]
    public async Task An_address_is_free_again_when_the_foreign_port_gives_it_up()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await TheirsAsync(nest);
        await nest.NetworkAsync(spec: Existing);
        await RecordedAsync(nest, 3);

        await nest.NbctlAsync("lsp-set-addresses", "f-2", "02:00:00:00:04:02 10.44.0.9");
        await nest.NbctlAsync("lsp-del", "f-3");
        await Eventually.Becomes(
            "the former addresses are free",
            () => nest.ReadAsync(db => db.Addresses.Where(a => a.ForeignPort != null).CountAsync()),
            count => count == 2
        );
        Assert.Equal("10.44.0.3", (await AskAsync(nest, "vm3", "10.44.0.3")).Ip.ToString());
        Assert.Equal(HttpStatusCode.Conflict, (await PutAsync(nest, "vm9", "10.44.0.9")).Status);
        Assert.Equal("10.44.0.2", (await AskAsync(nest, "vm2", "10.44.0.2")).Ip.ToString());
    }

    [Fact]
    public async Task A_chosen_address_that_a_foreign_port_takes_later_is_given_up_and_a_requested_one_is_kept_and_shown()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var network = await nest.NetworkAsync();
        var (chosen, requested) = (await nest.VmAsync("vm5"), await AskAsync(nest, "vm6", "172.16.255.140"));
        await nest.SettledAsync();
        Assert.Equal("172.16.255.130", chosen.Ip.ToString());

        await nest.NbctlAsync(
            "lsp-add",
            "dmz",
            "f-1",
            "--",
            "set",
            "Logical_Switch_Port",
            "f-1",
            "addresses=\"02:00:00:00:04:01 172.16.255.130\""
        );
        await nest.NbctlAsync(
            "lsp-add",
            "dmz",
            "f-2",
            "--",
            "set",
            "Logical_Switch_Port",
            "f-2",
            "addresses=\"02:00:00:00:04:02 172.16.255.140\""
        );
        await nest.PortBecomesAsync("dmz-vm5", "addresses", $"[\"{chosen.Mac} 172.16.255.131\"]");
        var changes = await nest.ReadAsync(db => db.Changes.Where(one => one.Action == "status" && one.Name == "vm5").ToListAsync());
        var change = Assert.Single(changes, one => one.After!.Contains("172.16.255.131", StringComparison.Ordinal));
        Assert.Contains("f-1", change.After, StringComparison.Ordinal);
        var conflict = await Eventually.Becomes("the conflict is shown", () => VmAsync(nest, requested), vm => vm!.RejectedAs is not null);
        Assert.Equal(Reason.AddressConflict, conflict!.RejectedAs);
        Assert.Contains("f-2", conflict.Message, StringComparison.Ordinal);
        Assert.Contains("172.16.255.140", await nest.GetAsync("dmz-vm6", "addresses"), StringComparison.Ordinal);

        // What others use is recorded as soon as our port gives it up.
        await AskAsync(nest, "vm6", "172.16.255.141");
        await Eventually.Holds("the address of f-2 is recorded", () =>
            nest.ReadAsync(db => db.Addresses.AnyAsync(a => a.ForeignName == "f-2" && a.NetworkId == network.Id))
        );
        Assert.Equal(HttpStatusCode.Conflict, (await PutAsync(nest, "vm6", "172.16.255.140")).Status);
        await Eventually.Becomes("the conflict is over", () => VmAsync(nest, requested), vm => vm!.RejectedAs is null);
    }

    [Fact]
    public async Task A_conflict_of_a_requested_address_ends_when_the_foreign_port_goes()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.NetworkAsync();
        var vm = await AskAsync(nest, "vm6", "172.16.255.140");
        await nest.SettledAsync();
        await nest.NbctlAsync(
            "lsp-add",
            "dmz",
            "f-2",
            "--",
            "set",
            "Logical_Switch_Port",
            "f-2",
            "addresses=\"02:00:00:00:04:02 172.16.255.140\""
        );
        await Eventually.Becomes("the conflict is shown", () => VmAsync(nest, vm), one => one!.RejectedAs == Reason.AddressConflict);

        await nest.NbctlAsync("lsp-del", "f-2");
        await Eventually.Becomes("the conflict is over", () => VmAsync(nest, vm), one => one!.RejectedAs is null);
    }

    private static Task<string> TheirsAsync(ReconciledInstallation nest) =>
        nest.NbctlAsync([
            "ls-add",
            "theirs",
            "--",
            "lsp-add",
            "theirs",
            "f-rtr",
            "--",
            "lsp-set-addresses",
            "f-rtr",
            "02:00:00:00:04:01 10.44.0.1",
            "--",
            "lsp-add",
            "theirs",
            "f-2",
            "--",
            "lsp-set-addresses",
            "f-2",
            "02:00:00:00:04:02 10.44.0.2 fd00::2",
            "--",
            "lsp-add",
            "theirs",
            "f-3",
            "--",
            "lsp-set-addresses",
            "f-3",
            "02:00:00:00:04:03 10.44.0.3",
        ]);

    private static Task<int> RecordedAsync(ReconciledInstallation nest, int count) =>
        Eventually.Becomes(
            "the addresses of foreign ports are recorded",
            () => nest.ReadAsync(db => db.Addresses.CountAsync(address => address.ForeignPort != null)),
            seen => seen == count
        );

    private static Task<ApiResponse> PutAsync(ReconciledInstallation nest, string vm, string ip) =>
        nest.Api.PutAsync($"/v1/vms/{vm}", $$$"""{"spec":{"network":"dmz","ip":"{{{ip}}}"}}""");

    private static async Task<Vm> AskAsync(ReconciledInstallation nest, string vm, string ip)
    {
        var id = (await PutAsync(nest, vm, ip)).IsSuccess().Id;
        return await nest.ReadAsync(db => db.Vms.AsNoTracking().SingleAsync(one => one.Id == id));
    }

    private static Task<Vm?> VmAsync(ReconciledInstallation nest, Vm vm) =>
        nest.ReadAsync(db => db.Vms.AsNoTracking().SingleOrDefaultAsync(one => one.Id == vm.Id));
}
