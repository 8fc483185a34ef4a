using Microsoft.EntityFrameworkCore;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>Desired objects, a real ovsdb-server, and hands that meddle with it.</summary>
public sealed class ReconcilerTests
{
    [Fact]
    public async Task Desired_objects_become_rows()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var (network, vm, containers) = await cloud.LabAsync();

        Assert.Equal(["dmz-vm5", "dmz-vm5-c51", "dmz-vm5-c52"], await cloud.PortsAsync());
        Assert.Equal("dmz-vm5", await cloud.GetAsync("dmz-vm5-c51", "parent_name"));
        Assert.Equal("51", await cloud.GetAsync("dmz-vm5-c51", "tag_request"));
        Assert.Equal("[]", await cloud.GetAsync("dmz-vm5-c51", "tag"));
        Assert.Equal(network.DhcpUuid.ToString(), await cloud.GetAsync("dmz-vm5-c51", "dhcpv4_options"));
        Assert.True((await cloud.Nest.ReadAsync(db => db.Vms.SingleAsync(v => v.Id == vm.Id))).InNorthbound);
        Assert.True((await cloud.ReadAsync(containers[0])).InNorthbound);
    }

    [Fact]
    public async Task A_network_joins_its_router_and_leaves_it()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var router = await cloud.RouterAsync("gw");
        var network = await cloud.Nest.NetworkAsync();
        await cloud.ExecuteAsync(
            $"UPDATE networks SET router_id = {router.Id}, gateway_mac = '02:ac:10:ff:ff:81', dirty_seq = nextval('dirty_seq')"
        );
        await cloud.SettledAsync();
        Assert.Contains("02:ac:10:ff:ff:81", await cloud.NbctlAsync("show", "gw"), StringComparison.Ordinal);
        Assert.Equal(["dmz-gw"], await cloud.PortsAsync());

        await cloud.ExecuteAsync($"UPDATE networks SET router_id = NULL, dirty_seq = nextval('dirty_seq')");
        await cloud.SettledAsync();
        Assert.Empty(await cloud.PortsAsync());
        Assert.DoesNotContain("port", await cloud.NbctlAsync("show", "gw"), StringComparison.Ordinal);
        Assert.NotEmpty(await cloud.NbctlAsync("list", "Logical_Switch", network.SwitchName));
    }

    [Theory]
    [InlineData("name", "other", "dmz-vm5-c51")]
    [InlineData("type", "router", "\"\"")]
    [InlineData("addresses", "unknown", null)]
    [InlineData("port_security", "[]", null)]
    [InlineData("enabled", "false", "true")]
    [InlineData("dhcpv4_options", "[]", null)]
    [InlineData("parent_name", "else", "dmz-vm5")]
    [InlineData("tag_request", "77", "51")]
    [InlineData("options", "requested-chassis=nowhere", "{}")]
    [InlineData("external_ids", "\"ovnnest:id\"=none", null)]
    public async Task A_column_that_somebody_changed_is_repaired(string column, string value, string? wanted)
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var (_, _, containers) = await cloud.LabAsync(1);
        var uuid = containers[0].PortUuid.ToString();
        wanted ??= await cloud.GetAsync(uuid, column);

        await cloud.NbctlAsync("set", "Logical_Switch_Port", uuid, $"{column}={value}");

        await cloud.PortBecomesAsync(uuid, column, wanted);
    }

    [Fact]
    public async Task Rows_of_a_network_that_somebody_changed_are_repaired()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var (network, _, _) = await cloud.LabAsync(1);
        await cloud.NbctlAsync(
            "set",
            "Logical_Switch",
            "dmz",
            "name=other",
            "--",
            "set",
            "DHCP_Options",
            network.DhcpUuid.ToString(),
            "options:mtu=9000"
        );
        await Eventually.Holds("both are repaired", async () =>
            await cloud.NbctlAsync("get", "Logical_Switch", network.SwitchUuid.ToString(), "name") == "dmz\n"
            && (await cloud.NbctlAsync("get", "DHCP_Options", network.DhcpUuid.ToString(), "options:mtu")).Contains(
                "1442",
                StringComparison.Ordinal
            )
        );
    }

    [Fact]
    public async Task A_deleted_port_a_deleted_switch_and_deleted_dhcp_options_come_back()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var (network, _, _) = await cloud.LabAsync();
        await cloud.NbctlAsync("lsp-del", "dmz-vm5-c51");
        await cloud.PortBecomesAsync("dmz-vm5-c51", "tag_request", "51");
        await cloud.NbctlAsync("ls-del", "dmz", "--", "dhcp-options-del", network.DhcpUuid.ToString());
        await Eventually.Holds("all ports are back", async () => (await cloud.PortsAsync()).Count == 3);
        await cloud.PortBecomesAsync("dmz-vm5-c52", "dhcpv4_options", network.DhcpUuid.ToString());
    }

    [Fact]
    public async Task A_port_that_was_moved_to_another_switch_or_put_into_a_second_comes_back_to_its_own()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var (network, _, containers) = await cloud.LabAsync();
        var (c51, c52) = (containers[0].PortUuid.ToString(), containers[1].PortUuid.ToString());
        await cloud.NbctlAsync(
            "ls-add",
            "theirs",
            "--",
            "add",
            "Logical_Switch",
            "theirs",
            "ports",
            c51,
            "--",
            "remove",
            "Logical_Switch",
            "dmz",
            "ports",
            c51
        );
        await cloud.NbctlAsync("add", "Logical_Switch", "theirs", "ports", c52);
        await Eventually.Becomes(
            "their switch is empty",
            () => cloud.NbctlAsync("get", "Logical_Switch", "theirs", "ports"),
            ports => ports == "[]\n"
        );
        Assert.Equal(3, (await cloud.NbctlAsync("get", "Logical_Switch", network.SwitchUuid.ToString(), "ports")).Split(',').Length);
    }

    [Fact]
    public async Task A_row_that_lost_its_mark_and_left_the_copy_is_found_by_its_UUID_and_marked_again()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var (_, vm, _) = await cloud.LabAsync();
        await cloud.NbctlAsync(
            "set",
            "Logical_Switch_Port",
            "dmz-vm5",
            "enabled=false",
            "--",
            "clear",
            "Logical_Switch_Port",
            "dmz-vm5",
            "external_ids"
        );
        await cloud.PortBecomesAsync("dmz-vm5", "enabled", "true");
        Assert.Contains(vm.Id.ToString(), await cloud.GetAsync("dmz-vm5", "external_ids"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_NB_that_was_replaced_by_an_empty_one_is_filled_again()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        await cloud.LabAsync();
        await cloud.Server.ReplaceByEmptyAsync();
        await Eventually.Holds("all ports are back", async () => (await cloud.PortsAsync()).Count == 3);
        var leader = await cloud.LeaderAsync();
        Assert.Contains(
            $"{leader.Installation}/{leader.Epoch}",
            await cloud.NbctlAsync("get", "NB_Global", ".", "external_ids"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task An_NB_that_is_killed_again_and_again_gets_everything_all_the_same()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var (_, vm, _) = await cloud.LabAsync(0);
        for (var round = 0; round < 3; round++)
        {
            for (var tag = 100 + (round * 20); tag < 120 + (round * 20); tag++)
            {
                await cloud.Nest.ContainerAsync(vm, $"c{tag}", tag);
            }

            cloud.Wake();
            await cloud.Server.KillAsync();
            await cloud.Server.StartAsync();
        }
        await cloud.SettledAsync();
        Assert.Equal(61, (await cloud.PortsAsync()).Count);
    }

    [Fact]
    public async Task An_object_that_the_NB_refuses_holds_up_no_other_and_goes_through_when_its_obstacle_is_gone()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var (_, vm, _) = await cloud.LabAsync(0);
        await cloud.NbctlAsync("ls-add", "theirs", "--", "lsp-add", "theirs", "dmz-vm5-c60");
        for (var tag = 58; tag < 63; tag++)
        {
            await cloud.Nest.ContainerAsync(vm, $"c{tag}", tag);
        }

        await cloud.SettledAsync();

        Assert.Equal(["dmz-vm5", "dmz-vm5-c58", "dmz-vm5-c59", "dmz-vm5-c60", "dmz-vm5-c61", "dmz-vm5-c62"], await cloud.PortsAsync());
        var refused = await cloud.Nest.ReadAsync(db => db.Containers.SingleAsync(c => c.Rejection != null));
        Assert.Equal(("c60", Reason.Rejected, false), (refused.Name, refused.RejectedAs, refused.InNorthbound));
        Assert.Contains("constraint violation", refused.Rejection, StringComparison.Ordinal);

        await cloud.NbctlAsync("lsp-del", "dmz-vm5-c60");
        await cloud.PortBecomesAsync("dmz-vm5-c60", "tag_request", "60");
        await Eventually.Holds("the rejection is gone", async () => (await cloud.ReadAsync(refused)).Rejection is null);
    }

    [Fact]
    public async Task A_foreign_child_with_our_tag_is_not_written_beside_and_not_touched()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var (_, vm, _) = await cloud.LabAsync(0);
        await cloud.NbctlAsync("lsp-add", "dmz", "hand", "dmz-vm5", "70");
        var container = await cloud.Nest.ContainerAsync(vm, "c70", 70);
        await cloud.SettledAsync();

        Assert.Equal(Reason.TagConflict, (await cloud.ReadAsync(container)).RejectedAs);
        Assert.Equal(["dmz-vm5", "hand"], await cloud.PortsAsync());

        await cloud.NbctlAsync("lsp-del", "hand");
        await cloud.PortBecomesAsync("dmz-vm5-c70", "tag_request", "70");
    }

    [Fact]
    public async Task A_foreign_child_that_takes_a_tag_of_ours_later_is_told_and_our_row_stays()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var (_, _, containers) = await cloud.LabAsync();
        await cloud.NbctlAsync("lsp-add", "dmz", "hand", "dmz-vm5", "52");

        await Eventually.Becomes("the conflict is told", () => cloud.ReadAsync(containers[1]), c => c.RejectedAs == Reason.TagConflict);
        Assert.Equal(["dmz-vm5", "dmz-vm5-c51", "dmz-vm5-c52", "hand"], await cloud.PortsAsync());
        Assert.True((await cloud.ReadAsync(containers[1])).InNorthbound);

        await cloud.NbctlAsync("lsp-del", "hand");
        await Eventually.Becomes("and its end", () => cloud.ReadAsync(containers[1]), c => c.RejectedAs is null);
    }
}
