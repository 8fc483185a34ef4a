using Microsoft.EntityFrameworkCore;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>The reconciler leaves rows of other systems alone, deletes little without a request, and does no needless work.</summary>
public sealed class SafetyTests
{
    private const string ExistingSwitch = """{"subnet":"172.16.255.128/26","switch":{"name":"dmz","existing":true}}""";

    [Fact]
    public async Task A_comparison_without_differences_writes_nothing()
    {
        await using var nest = await ReconciledInstallation.StartAsync(("Reconciler:Resync", "00:00:00.1"));
        await nest.LabAsync();
        await Eventually.Becomes("a comparison finds nothing", nest.LeaderAsync, leader =>
            leader.LastPass!.Contains("\"full\":true,\"objects\":0,\"operations\":0", StringComparison.Ordinal)
        );
        var (database, compared) = (new FileInfo(Path.Combine(nest.Server.Folder, "db")), (await nest.LeaderAsync()).ResyncedAt);
        var length = database.Length;
        await Eventually.Becomes("the next comparison is complete", nest.LeaderAsync, leader =>
            leader.ResyncedAt > compared!.Value.AddSeconds(0.5)
        );
        database.Refresh();
        Assert.Equal(length, database.Length);
    }

    [Fact]
    public async Task One_change_among_two_thousand_containers_costs_few_SQL_statements_and_two_operations()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.LabAsync(1);
        await nest.ExecuteAsync(
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
        await nest.SettledAsync();
        Assert.Equal(2003, (await nest.PortsAsync()).Count);

        var pass = (await nest.LeaderAsync()).LastPassAt;
        using var counter = new QueryCounter(nest.Database, "") { Except = ReconciledInstallation.Dirty }.Start();
        (await nest.Api.PatchAsync("/v1/vms/vm5/containers/c51", """{"spec":{"enabled":false}}""")).IsSuccess();
        await nest.SettledAsync();
        var statements = counter.Count;

        Assert.Equal("false", await nest.GetAsync("dmz-vm5-c51", "enabled"));
        var leader = await nest.LeaderAsync();
        Assert.True(leader.LastPassAt > pass);

        // The update of the port, and the check that the DHCP options that the port refers to still exist.
        Assert.Contains("\"objects\":1,\"operations\":2", leader.LastPass, StringComparison.Ordinal);
        Assert.InRange(statements, 5, 40);
    }

    [Fact]
    public async Task The_switch_of_a_deleted_network_is_deleted_only_when_it_has_no_foreign_port()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.NetworkAsync();
        await nest.SettledAsync();
        await nest.NbctlAsync("lsp-add", "dmz", "theirs");

        (await nest.Api.DeleteAsync("/v1/networks/dmz")).IsSuccess();
        await nest.SettledAsync();
        Assert.Equal(["theirs"], await nest.PortsAsync());
        Assert.Contains(
            "this service did not create",
            (await nest.ReadAsync(db => db.Networks.SingleAsync())).Rejection,
            StringComparison.Ordinal
        );

        await nest.NbctlAsync("lsp-del", "theirs");
        await Eventually.Holds("the network is gone", async () => !await nest.ReadAsync(db => db.Networks.AnyAsync()));
        Assert.Empty(await nest.NbctlAsync("ls-list"));
    }

    [Fact]
    public async Task On_an_existing_switch_only_our_ports_are_added_and_deleted()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.NbctlAsync(
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
        await nest.NbctlAsync("dhcp-options-create", "172.16.255.128/26");
        var dhcp = (await nest.NbctlAsync("--bare", "--columns=_uuid", "list", "DHCP_Options")).Trim();
        await nest.NbctlAsync("lsp-set-dhcpv4-options", "theirs", dhcp);
        await nest.NetworkAsync(spec: ExistingSwitch);
        await nest.VmAsync();
        await nest.SettledAsync();
        Assert.Equal(dhcp, await nest.GetAsync("dmz-vm5", "dhcpv4_options"));

        (await nest.Api.DeleteAsync("/v1/networks/dmz?cascade=true")).IsSuccess();
        await nest.SettledAsync();
        await Eventually.Becomes("only the foreign port is left", nest.PortsAsync, ports => ports is ["theirs"]);
        Assert.Contains("theirs=", await nest.NbctlAsync("get", "Logical_Switch", "dmz", "external_ids"), StringComparison.Ordinal);
        Assert.Contains(dhcp, await nest.NbctlAsync("dhcp-options-list"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_existing_switch_is_shown_and_is_used_as_soon_as_it_exists()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.NetworkAsync(spec: ExistingSwitch);
        var vm = await nest.VmAsync();
        await nest.SettledAsync();
        Assert.Equal("There is no logical switch dmz.", (await nest.ReadAsync(db => db.Vms.SingleAsync(v => v.Id == vm.Id))).Rejection);

        await nest.NbctlAsync("ls-add", "dmz");
        await nest.PortBecomesAsync("dmz-vm5", "enabled", "true");
        await Eventually.Holds("the rejection is gone", async () =>
            (await nest.ReadAsync(db => db.Vms.AsNoTracking().SingleAsync())).Rejection is null
        );
    }

    [Fact]
    public async Task Stray_rows_are_deleted_after_two_full_comparisons_unless_they_are_too_many()
    {
        await using var nest = await ReconciledInstallation.StartAsync(("Reconciler:Resync", "00:00:00.2"));
        var (_, _, containers) = await nest.LabAsync(30);
        await ForgetAsync(nest, [.. containers.Take(2).Select(c => c.Id)]);
        await Eventually.Holds("two ports are gone", async () => (await nest.PortsAsync()).Count == 29);

        await ForgetAsync(nest, [.. containers.Skip(2).Take(10).Select(c => c.Id)]);
        var leader = await Eventually.Becomes("the brake holds back the deletion of ten", nest.LeaderAsync, leader =>
            leader.Brake is not null
        );
        Assert.Contains("10 of 31 rows", leader.Brake, StringComparison.Ordinal);
        Assert.Equal(29, (await nest.PortsAsync()).Count);

        await nest.Api.PutSpecAsync("/v1/reconciler", $$"""{"releaseBrake":"{{leader.BrakeId}}"}""");
        await Eventually.Holds("ten ports are gone after the release", async () => (await nest.PortsAsync()).Count == 19);
        await Eventually.Becomes("the brake is released", nest.LeaderAsync, l => l.Brake is null && l.BrakeId is null);
    }

    [Fact]
    public async Task In_mode_observe_nothing_is_written_until_an_admin_sets_the_mode_repair()
    {
        await using var nest = await ReconciledInstallation.StartAsync(("Reconciler:Mode", "observe"));
        await nest.NetworkAsync();
        await Eventually.Becomes("everything is compared", nest.LeaderAsync, leader => leader.ResyncedAt is not null);
        Assert.Equal(ReconcilerMode.Observe, (await nest.LeaderAsync()).ModeInForce);
        Assert.Empty(await nest.NbctlAsync("ls-list"));

        await nest.Api.PutSpecAsync("/v1/reconciler", """{"mode":"repair"}""");
        await nest.SettledAsync();
        Assert.Contains("dmz", await nest.NbctlAsync("ls-list"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_that_another_client_keeps_changing_is_contended_until_the_changes_stop()
    {
        await using var nest = await ReconciledInstallation.StartAsync(("Reconciler:Resync", "00:00:03"));
        var (_, _, containers) = await nest.LabAsync(1);
        await Eventually.Becomes(
            "the reconciler stops repairing the row",
            async () =>
            {
                await nest.NbctlAsync("set", "Logical_Switch_Port", "dmz-vm5-c51", "enabled=false");
                return (await nest.ReadAsync(containers[0])).RejectedAs;
            },
            cause => cause == Reason.Contended
        );
        await Eventually.Holds("the row is repaired again", async () => (await nest.ReadAsync(containers[0])).RejectedAs is null);
        Assert.Equal("true", await nest.GetAsync("dmz-vm5-c51", "enabled"));
    }

    /// <summary>Deletes rows of the database without a request, as an operator who restores an old backup may do.</summary>
    private static Task ForgetAsync(ReconciledInstallation nest, Guid[] containers) =>
        nest.ExecuteAsync(
            $"DELETE FROM containers WHERE id = ANY({containers}); DELETE FROM vlan_leases WHERE container_id = ANY({containers})"
        );
}
