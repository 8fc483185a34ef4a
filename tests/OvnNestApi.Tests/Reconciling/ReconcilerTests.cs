using Microsoft.EntityFrameworkCore;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>The reconciler writes the desired state to a real ovsdb-server and repairs what other clients of that server change.</summary>
public sealed class ReconcilerTests
{
    [Fact]
    public async Task Resources_of_the_API_become_rows_of_the_NB()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var (network, vm, containers) = await nest.LabAsync();

        Assert.Equal(["dmz-vm5", "dmz-vm5-c51", "dmz-vm5-c52"], await nest.PortsAsync());
        Assert.Equal("dmz-vm5", await nest.GetAsync("dmz-vm5-c51", "parent_name"));
        Assert.Equal("51", await nest.GetAsync("dmz-vm5-c51", "tag_request"));
        Assert.Equal("[]", await nest.GetAsync("dmz-vm5-c51", "tag"));
        Assert.Equal(network.DhcpUuid.ToString(), await nest.GetAsync("dmz-vm5-c51", "dhcpv4_options"));
        Assert.True((await nest.ReadAsync(db => db.Vms.SingleAsync(v => v.Id == vm.Id))).InNorthbound);
        Assert.True((await nest.ReadAsync(containers[0])).InNorthbound);
    }

    [Fact]
    public async Task A_network_joins_its_router_and_leaves_it()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.Api.PutSpecAsync("/v1/routers/gw");
        var network = await nest.NetworkAsync(spec: """{"subnet":"172.16.255.128/26","router":"gw","gatewayMac":"02:ac:10:ff:ff:81"}""");
        await nest.SettledAsync();
        Assert.Contains("02:ac:10:ff:ff:81", await nest.NbctlAsync("show", "gw"), StringComparison.Ordinal);
        Assert.Equal(["dmz-gw"], await nest.PortsAsync());

        await nest.NetworkAsync();
        await nest.SettledAsync();
        Assert.Empty(await nest.PortsAsync());
        Assert.DoesNotContain("port", await nest.NbctlAsync("show", "gw"), StringComparison.Ordinal);
        Assert.NotEmpty(await nest.NbctlAsync("list", "Logical_Switch", network.SwitchName));
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
    public async Task A_column_that_another_client_changed_is_repaired(string column, string value, string? wanted)
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var (_, _, containers) = await nest.LabAsync(1);
        var uuid = containers[0].PortUuid.ToString();
        wanted ??= await nest.GetAsync(uuid, column);

        await nest.NbctlAsync("set", "Logical_Switch_Port", uuid, $"{column}={value}");

        await nest.PortBecomesAsync(uuid, column, wanted);
    }

    [Fact]
    public async Task Rows_of_a_network_that_another_client_changed_are_repaired()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var (network, _, _) = await nest.LabAsync(1);
        await nest.NbctlAsync(
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
            await nest.NbctlAsync("get", "Logical_Switch", network.SwitchUuid.ToString(), "name") == "dmz\n"
            && (await nest.NbctlAsync("get", "DHCP_Options", network.DhcpUuid.ToString(), "options:mtu")).Contains(
                "1442",
                StringComparison.Ordinal
            )
        );
    }

    [Fact]
    public async Task A_deleted_port_switch_and_DHCP_options_row_are_created_again()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var (network, _, _) = await nest.LabAsync();
        await nest.NbctlAsync("lsp-del", "dmz-vm5-c51");
        await nest.PortBecomesAsync("dmz-vm5-c51", "tag_request", "51");
        await nest.NbctlAsync("ls-del", "dmz", "--", "dhcp-options-del", network.DhcpUuid.ToString());
        await Eventually.Holds("all ports are back", async () => (await nest.PortsAsync()).Count == 3);
        await nest.PortBecomesAsync("dmz-vm5-c52", "dhcpv4_options", network.DhcpUuid.ToString());
    }

    [Fact]
    public async Task A_port_that_was_moved_or_added_to_another_switch_is_only_on_its_own_switch_again()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var (network, _, containers) = await nest.LabAsync();
        var (c51, c52) = (containers[0].PortUuid.ToString(), containers[1].PortUuid.ToString());
        await nest.NbctlAsync(
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
        await nest.NbctlAsync("add", "Logical_Switch", "theirs", "ports", c52);
        await Eventually.Becomes(
            "the other switch has no ports",
            () => nest.NbctlAsync("get", "Logical_Switch", "theirs", "ports"),
            ports => ports == "[]\n"
        );
        Assert.Equal(3, (await nest.NbctlAsync("get", "Logical_Switch", network.SwitchUuid.ToString(), "ports")).Split(',').Length);
    }

    [Fact]
    public async Task A_row_that_lost_its_owner_mark_is_found_by_its_UUID_and_marked_again()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var (_, vm, _) = await nest.LabAsync();
        await nest.NbctlAsync(
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
        await nest.PortBecomesAsync("dmz-vm5", "enabled", "true");
        Assert.Contains(vm.Id.ToString(), await nest.GetAsync("dmz-vm5", "external_ids"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_NB_that_was_replaced_by_an_empty_one_is_filled_again()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.LabAsync();
        await nest.Server.ReplaceByEmptyAsync();
        await Eventually.Holds("all ports are back", async () => (await nest.PortsAsync()).Count == 3);
        var leader = await nest.LeaderAsync();
        Assert.Contains(
            $"{leader.Installation}/{leader.Epoch}",
            await nest.NbctlAsync("get", "NB_Global", ".", "external_ids"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task An_NB_that_was_replaced_twice_is_written_again()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.LabAsync();
        var backup = nest.Server.Backup();
        await nest.Server.ReplaceByEmptyAsync();
        await Eventually.Holds("all ports are back", async () => (await nest.PortsAsync()).Count == 3);

        // The backup has the same fence as the database that was filled again, but another row that contains it.
        await nest.Server.RestoreAsync(backup);
        (await nest.Api.DeleteAsync("/v1/vms/vm5/containers/c51")).IsSuccess();
        await nest.SettledAsync();
        Assert.Equal(["dmz-vm5", "dmz-vm5-c52"], await nest.PortsAsync());
    }

    [Fact]
    public async Task Passes_that_fail_show_it_and_continue_when_the_cause_is_gone()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.LabAsync(1);
        await nest.ExecuteAsync(
            $"""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no pass can be recorded''; END';
            CREATE TRIGGER refuse BEFORE UPDATE OF last_pass_at ON leader FOR EACH ROW EXECUTE FUNCTION refuse();
            """
        );
        (await nest.Api.PutAsync("/v1/vms/vm5/containers/c99", "{}")).IsSuccess();
        await Eventually.Holds("the reason names the failure", async () => await IsShownAsync(), TimeSpan.FromMinutes(1));
        Assert.Equal("failing", (await nest.Api.GetAsync("/readyz")).Json.GetProperty("reconciler").GetString());
        var failure = (await nest.Api.GetAsync("/v1/reconciler")).Json.GetProperty("status").GetProperty("failure");
        Assert.Contains("no pass can be recorded", failure.GetProperty("error").GetString(), StringComparison.Ordinal);

        await nest.ExecuteAsync($"DROP TRIGGER refuse ON leader");
        await nest.SettledAsync();
        await Eventually.Holds("the passes work", async () =>
            (await nest.Api.GetAsync("/readyz")).Json.GetProperty("reconciler").GetString() == "working"
        );
        await Eventually.Holds("the reason no longer names the failure", async () => !await IsShownAsync());

        async Task<bool> IsShownAsync()
        {
            var status = (await nest.Api.GetAsync("/v1/vms/vm5/containers/c51")).Json.GetProperty("status");
            return status.GetProperty("reason").GetString() == "NotReconciling"
                && status.GetProperty("message").GetString()!.Contains("no pass can be recorded", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Every_port_is_created_although_the_NB_is_killed_several_times()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.LabAsync(0);
        for (var round = 0; round < 3; round++)
        {
            for (var tag = 100 + (round * 20); tag < 120 + (round * 20); tag++)
            {
                await nest.ContainerAsync($"c{tag}", tag);
            }

            await nest.Server.KillAsync();
            await nest.Server.StartAsync();
        }
        await nest.SettledAsync();
        Assert.Equal(61, (await nest.PortsAsync()).Count);
    }

    [Fact]
    public async Task A_resource_that_the_NB_rejects_delays_no_other_and_is_written_when_the_cause_is_gone()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.LabAsync(0);
        await nest.NbctlAsync("ls-add", "theirs", "--", "lsp-add", "theirs", "dmz-vm5-c60");
        for (var tag = 58; tag < 63; tag++)
        {
            await nest.ContainerAsync($"c{tag}", tag);
        }

        await nest.SettledAsync();

        Assert.Equal(["dmz-vm5", "dmz-vm5-c58", "dmz-vm5-c59", "dmz-vm5-c60", "dmz-vm5-c61", "dmz-vm5-c62"], await nest.PortsAsync());
        var refused = await nest.ReadAsync(db => db.Containers.SingleAsync(c => c.Rejection != null));
        Assert.Equal(("c60", Reason.Rejected, false), (refused.Name, refused.RejectedAs, refused.InNorthbound));
        Assert.Contains("constraint violation", refused.Rejection, StringComparison.Ordinal);

        await nest.NbctlAsync("lsp-del", "dmz-vm5-c60");
        await nest.PortBecomesAsync("dmz-vm5-c60", "tag_request", "60");
        await Eventually.Holds("the rejection is gone", async () => (await nest.ReadAsync(refused)).Rejection is null);
    }

    [Fact]
    public async Task A_container_is_not_written_while_a_foreign_child_port_has_its_tag_and_the_foreign_port_is_not_changed()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.LabAsync(0);
        await nest.StopReconcilerAsync();
        await nest.NbctlAsync("lsp-add", "dmz", "hand", "dmz-vm5", "70");
        var container = await nest.ContainerAsync("c70", 70);
        await nest.StartProcessAsync();
        await nest.SettledAsync();

        Assert.Equal(Reason.TagConflict, (await nest.ReadAsync(container)).RejectedAs);
        Assert.Equal(["dmz-vm5", "hand"], await nest.PortsAsync());

        await nest.NbctlAsync("lsp-del", "hand");
        await nest.PortBecomesAsync("dmz-vm5-c70", "tag_request", "70");
    }

    [Fact]
    public async Task A_foreign_child_port_that_takes_the_tag_of_a_container_later_is_shown_and_the_row_of_the_container_stays()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var (_, _, containers) = await nest.LabAsync();
        await nest.NbctlAsync("lsp-add", "dmz", "hand", "dmz-vm5", "52");

        await Eventually.Becomes("the conflict is shown", () => nest.ReadAsync(containers[1]), c => c.RejectedAs == Reason.TagConflict);
        Assert.Equal(["dmz-vm5", "dmz-vm5-c51", "dmz-vm5-c52", "hand"], await nest.PortsAsync());
        Assert.True((await nest.ReadAsync(containers[1])).InNorthbound);

        await nest.NbctlAsync("lsp-del", "hand");
        await Eventually.Becomes("the conflict is no longer shown", () => nest.ReadAsync(containers[1]), c => c.RejectedAs is null);
    }
}
