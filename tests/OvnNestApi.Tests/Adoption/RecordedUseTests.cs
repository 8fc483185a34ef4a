using System.Net;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Schema;
using TestServers;

namespace OvnNestApi.Tests.Adoption;

/// <summary>What was recorded as used by others passes to the adopted ports; what other ports use stays recorded.</summary>
public sealed class RecordedUseTests
{
    [Fact]
    public async Task Recorded_addresses_and_tags_pass_to_adopted_ports_and_those_of_other_ports_stay()
    {
        await using var lab = await HandMadeLab.StartAsync();
        (await lab.AdoptAsync("", await ItemsAsync(lab, "dmz", "vm5"))).Is(HttpStatusCode.OK);
        await RecordedAsync(lab, "172.16.255.130", "172.16.255.133", "172.16.255.134");
        await lab.Nest.LeaseBecomesAsync(52, LeaseState.Foreign);
        var recorded = await lab.Nest.LeaseBecomesAsync(51, LeaseState.Foreign);

        (await lab.AdoptAsync("", await ItemsAsync(lab, "c51"))).Is(HttpStatusCode.OK);
        await lab.Nest.SettledAsync();
        await lab.Nest.PortBecomesAsync("dmz-c51", "tag_request", "51");

        var lease = (await lab.Nest.LeaseAsync(51))!;
        Assert.Equal((LeaseState.Bound, "c51", null), (lease.State, lease.ContainerName, lease.UsedBy));
        Assert.NotEqual(recorded.Id, lease.Id);
        await RecordedAsync(lab, "172.16.255.130", "172.16.255.134");
        Assert.Equal(
            "172.16.255.133",
            (await lab.Nest.ReadAsync(db => db.Addresses.SingleAsync(a => a.OwnerId == lease.ContainerId))).Ip.ToString()
        );

        // A change of the port is observed again.
        await lab.SetAsync("dmz-c51", "up=true");
        await lab.SetAsync("dmz-c52", "up=true");
        (await lab.AdoptAsync("", await ItemsAsync(lab, "c52", "vm1"))).Is(HttpStatusCode.OK);
        await lab.Nest.SettledAsync();
        await RecordedAsync(lab);
        Assert.Equal(LeaseState.Bound, (await lab.Nest.LeaseAsync(51))!.State);
        Assert.Equal(LeaseState.Bound, (await lab.Nest.LeaseAsync(52))!.State);
    }

    [Fact]
    public async Task A_refused_adoption_leaves_what_is_recorded()
    {
        await using var lab = await HandMadeLab.StartAsync();
        (await lab.AdoptAsync("", await ItemsAsync(lab, "dmz", "vm5"))).Is(HttpStatusCode.OK);
        await RecordedAsync(lab, "172.16.255.130", "172.16.255.133", "172.16.255.134");
        var recorded = await lab.Nest.LeaseBecomesAsync(51, LeaseState.Foreign);

        var items = await ItemsAsync(lab, "c51", "c52");
        items[1]["spec"]!["ip"] = "172.16.255.140";
        (await lab.AdoptAsync("", items)).IsProblem("not-adoptable", "#/items/1/spec/ip", "#/items/1/spec/portSecurity");
        Assert.Equal(recorded.Id, (await lab.Nest.LeaseAsync(51))!.Id);
        await RecordedAsync(lab, "172.16.255.130", "172.16.255.133", "172.16.255.134");

        // Only an adoption can have what others use.
        (await lab.Nest.PutContainerAsync("c51", 51)).IsProblem("vlan-tag-taken");
    }

    [Fact]
    public async Task Chosen_addresses_and_tags_avoid_those_of_ports_that_stay_with_others()
    {
        await using var lab = await HandMadeLab.StartAsync();
        await lab.SetAsync("dmz-c52", "tag=200");
        await lab.SetAsync("dmz-c51", "addresses=\"02:ac:10:ff:01:33\"", "port_security=\"02:ac:10:ff:01:33\"", "tag=[]");
        (await lab.AdoptAsync("", await ItemsAsync(lab, "dmz", "vm5", "c51"))).Is(HttpStatusCode.OK);
        await RecordedAsync(lab, "172.16.255.130", "172.16.255.134");
        await lab.Nest.SettledAsync();

        var effective = (await lab.Api.GetAsync("/v1/vms/vm5/containers/c51")).Effective;
        Assert.DoesNotContain(effective.GetProperty("ip").GetString(), new[] { "172.16.255.130", "172.16.255.132", "172.16.255.134" });
        Assert.NotEqual(200, effective.GetProperty("vlan").GetInt32());
        Assert.Equal(effective.GetProperty("vlan").ToString(), await lab.Nest.GetAsync("dmz-c51", "tag_request"));
    }

    [Fact]
    public async Task The_state_of_a_port_that_was_up_before_its_adoption_is_known()
    {
        await using var lab = await HandMadeLab.StartAsync();
        foreach (var port in new[] { "dmz-vm5", "dmz-c51", "dmz-c52" })
        {
            await lab.SetAsync(port, "up=true");
        }

        (await lab.AdoptAsync()).Is(HttpStatusCode.OK);
        await Eventually.Becomes(
            "all ports are up, with their tags",
            () => lab.Nest.ReadAsync(db => db.Containers.CountAsync(one => one.Up && one.ObservedTag == one.Tag)),
            count => count == 2
        );
        await Eventually.Holds("the port of the VM is up", () => lab.Nest.ReadAsync(db => db.Vms.AnyAsync(vm => vm.Up)));
    }

    private static async Task<List<JsonNode>> ItemsAsync(HandMadeLab lab, params string[] names) =>
        [.. (await lab.ListAsync()).Where(item => names.Contains((string?)item!["name"])).Select(item => item!)];

    /// <summary>Waits until exactly these addresses are recorded as those of others.</summary>
    private static Task<string> RecordedAsync(HandMadeLab lab, params string[] addresses) =>
        Eventually.Becomes(
            $"{string.Join(", ", addresses)} are recorded",
            async () =>
            {
                var rows = await lab.Nest.ReadAsync(db => db.Addresses.Where(a => a.ForeignPort != null).ToListAsync());
                return string.Join(", ", rows.Select(row => row.Ip.ToString()).Order(StringComparer.Ordinal));
            },
            seen => seen == string.Join(", ", addresses)
        );
}
