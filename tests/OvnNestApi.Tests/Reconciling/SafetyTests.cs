using Microsoft.EntityFrameworkCore;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>What is foreign, what nobody asked for, and what costs more than it should.</summary>
public sealed class SafetyTests
{
    [Fact]
    public async Task A_comparison_without_differences_writes_nothing()
    {
        await using var cloud = await ReconciledInstallation.StartAsync(("Reconciler:Resync", "00:00:00.1"));
        await cloud.LabAsync();
        await Eventually.Becomes("a comparison finds nothing", cloud.LeaderAsync, leader =>
            leader.LastPass!.Contains("\"full\":true,\"objects\":0,\"operations\":0", StringComparison.Ordinal)
        );
        var (database, compared) = (new FileInfo(Path.Combine(cloud.Server.Folder, "db")), (await cloud.LeaderAsync()).ResyncedAt);
        var length = database.Length;
        await Eventually.Becomes("and the next", cloud.LeaderAsync, leader => leader.ResyncedAt > compared!.Value.AddSeconds(0.5));
        database.Refresh();
        Assert.Equal(length, database.Length);
    }

    [Fact]
    public async Task One_change_among_two_thousand_costs_a_handful_of_statements_and_operations()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var (_, vm, _) = await cloud.LabAsync(1);
        await cloud.ExecuteAsync(
            $"""
            INSERT INTO containers SELECT (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(), 'name', 'x' || n, 'tag',
                n, 'port_uuid', gen_random_uuid(),
                'port_name', 'dmz-vm5-x' || n, 'mac', '02:00:00:00:' || lpad(to_hex(n / 256), 2, '0') || ':' || lpad(to_hex(n % 256), 2,
                    '0'), 'ip', NULL,
                'dirty_seq', nextval('dirty_seq')))).* FROM containers c, generate_series(100, 2100) n WHERE c.name = 'c51';
            INSERT INTO vlan_leases SELECT (jsonb_populate_record(l, jsonb_build_object('id', gen_random_uuid(), 'tag', c.tag,
                'container_id', c.id))).*
            FROM containers c, vlan_leases l WHERE l.tag = 51 AND c.tag > 51
            """
        );
        await cloud.SettledAsync();
        Assert.Equal(2003, (await cloud.PortsAsync()).Count);
        await Eventually.Becomes("nothing is left to do", async () => (await cloud.LeaderAsync(), cloud.Log.Statements), _ => true);

        var (before, pass) = (cloud.Log.Statements, (await cloud.LeaderAsync()).LastPassAt);
        await cloud.ExecuteAsync($"UPDATE containers SET enabled = false, dirty_seq = nextval('dirty_seq') WHERE name = 'x700'");
        await cloud.SettledAsync();

        Assert.Equal("false", await cloud.GetAsync("dmz-vm5-x700", "enabled"));
        var leader = await cloud.LeaderAsync();
        Assert.True(leader.LastPassAt > pass);
        Assert.Contains("\"objects\":1,\"operations\":1", leader.LastPass, StringComparison.Ordinal);
        Assert.InRange(cloud.Log.Statements - before, 5, 40);
        Assert.Equal(vm.Id, (await cloud.Nest.ReadAsync(db => db.Containers.FirstAsync(c => c.Name == "x700"))).VmId);
    }

    [Fact]
    public async Task A_switch_of_ours_with_a_foreign_port_outlives_its_network_until_that_is_gone()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var network = await cloud.Nest.NetworkAsync();
        await cloud.DirtyAsync(network);
        await cloud.SettledAsync();
        await cloud.NbctlAsync("lsp-add", "dmz", "theirs");

        await cloud.ExecuteAsync($"UPDATE networks SET deleting_since = now(), dirty_seq = nextval('dirty_seq')");
        await cloud.SettledAsync();
        Assert.Equal(["theirs"], await cloud.PortsAsync());
        Assert.Contains("not ours", (await cloud.Nest.ReadAsync(db => db.Networks.SingleAsync())).Rejection, StringComparison.Ordinal);

        await cloud.NbctlAsync("lsp-del", "theirs");
        await Eventually.Holds("the network is gone", async () => !await cloud.Nest.ReadAsync(db => db.Networks.AnyAsync()));
        Assert.Empty(await cloud.NbctlAsync("ls-list"));
    }

    [Fact]
    public async Task On_an_existing_switch_only_our_ports_come_and_go()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        await cloud.NbctlAsync(
            "ls-add",
            "dmz",
            "--",
            "set",
            "Logical_Switch",
            "dmz",
            "external_ids:theirs=1",
            "--",
            "lsp-add",
            "dmz",
            "theirs"
        );
        await cloud.NbctlAsync("dhcp-options-create", "172.16.255.128/26");
        var dhcp = (await cloud.NbctlAsync("--bare", "--columns=_uuid", "list", "DHCP_Options")).Trim();
        var network = await cloud.ExistingNetworkAsync();
        var vm = await cloud.Nest.VmAsync("vm5", network, null);
        await cloud.SettledAsync();
        Assert.Equal(dhcp, await cloud.GetAsync("dmz-vm5", "dhcpv4_options"));

        await cloud.Nest.DeleteAsync(vm);
        await cloud.ExecuteAsync($"UPDATE networks SET deleting_since = now(), dirty_seq = nextval('dirty_seq')");
        await cloud.SettledAsync();
        await Eventually.Becomes("only theirs is left", cloud.PortsAsync, ports => ports is ["theirs"]);
        Assert.Contains("theirs=", await cloud.NbctlAsync("get", "Logical_Switch", "dmz", "external_ids"), StringComparison.Ordinal);
        Assert.Contains(dhcp, await cloud.NbctlAsync("dhcp-options-list"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_existing_switch_that_is_not_there_is_said_and_found_as_soon_as_it_is()
    {
        await using var cloud = await ReconciledInstallation.StartAsync();
        var network = await cloud.ExistingNetworkAsync();
        var vm = await cloud.Nest.VmAsync("vm5", network, null);
        await cloud.SettledAsync();
        Assert.Equal(
            "There is no logical switch dmz.",
            (await cloud.Nest.ReadAsync(db => db.Vms.SingleAsync(v => v.Id == vm.Id))).Rejection
        );

        await cloud.NbctlAsync("ls-add", "dmz");
        await cloud.PortBecomesAsync("dmz-vm5", "enabled", "true");
        await Eventually.Holds("nothing is in the way any more", async () =>
            (await cloud.Nest.ReadAsync(db => db.Vms.AsNoTracking().SingleAsync())).Rejection is null
        );
    }

    [Fact]
    public async Task Rows_of_ours_that_nobody_knows_go_after_two_comparisons_unless_they_are_too_many()
    {
        await using var cloud = await ReconciledInstallation.StartAsync(("Reconciler:Resync", "00:00:00.2"));
        var (_, _, containers) = await cloud.LabAsync(30);
        await ForgetAsync(cloud, [.. containers.Take(2).Select(c => c.Id)]);
        await Eventually.Holds("two are gone", async () => (await cloud.PortsAsync()).Count == 29);

        await ForgetAsync(cloud, [.. containers.Skip(2).Take(10).Select(c => c.Id)]);
        var leader = await Eventually.Becomes("ten are too many", cloud.LeaderAsync, leader => leader.Brake is not null);
        Assert.Contains("10 of 31 rows", leader.Brake, StringComparison.Ordinal);
        Assert.Equal(29, (await cloud.PortsAsync()).Count);

        await cloud.ExecuteAsync($"UPDATE leader SET released_brake = brake_id");
        await Eventually.Holds("they go when they are released", async () => (await cloud.PortsAsync()).Count == 19);
        await Eventually.Becomes("and the brake with them", cloud.LeaderAsync, l => l.Brake is null && l.BrakeId is null);
    }

    [Fact]
    public async Task In_mode_observe_nothing_is_written_until_an_admin_says_repair()
    {
        await using var cloud = await ReconciledInstallation.StartAsync(("Reconciler:Mode", "observe"));
        var network = await cloud.Nest.NetworkAsync();
        await cloud.DirtyAsync(network);
        await Eventually.Becomes("everything is compared", cloud.LeaderAsync, leader => leader.ResyncedAt is not null);
        Assert.Equal(ReconcilerMode.Observe, (await cloud.LeaderAsync()).ModeInForce);
        Assert.Empty(await cloud.NbctlAsync("ls-list"));

        await cloud.ExecuteAsync($"UPDATE leader SET mode = 'Repair'");
        await cloud.SettledAsync();
        Assert.Contains("dmz", await cloud.NbctlAsync("ls-list"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_that_somebody_keeps_changing_is_contended_until_that_stops()
    {
        await using var cloud = await ReconciledInstallation.StartAsync(("Reconciler:Resync", "00:00:03"));
        var (_, _, containers) = await cloud.LabAsync(1);
        await Eventually.Becomes(
            "we stop",
            async () =>
            {
                await cloud.NbctlAsync("set", "Logical_Switch_Port", "dmz-vm5-c51", "enabled=false");
                return (await cloud.ReadAsync(containers[0])).RejectedAs;
            },
            cause => cause == Reason.Contended
        );
        await Eventually.Holds("it is clean again", async () => (await cloud.ReadAsync(containers[0])).RejectedAs is null);
        Assert.Equal("true", await cloud.GetAsync("dmz-vm5-c51", "enabled"));
    }

    private static Task ForgetAsync(ReconciledInstallation cloud, Guid[] containers) =>
        cloud.ExecuteAsync(
            $"DELETE FROM containers WHERE id = ANY({containers}); DELETE FROM vlan_leases WHERE container_id = ANY({containers})"
        );
}
