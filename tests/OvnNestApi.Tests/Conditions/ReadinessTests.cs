using Microsoft.EntityFrameworkCore;
using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Placements;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Conditions;

/// <summary>Conditions as they come to be written.</summary>
public sealed class ReadinessTests
{
    [Fact]
    public async Task A_container_is_ready_when_its_host_has_confirmed_the_present_work_and_not_before()
    {
        var nest = await Installation.CreateAsync();
        var (network, host) = (await nest.NetworkAsync(), await nest.HostAsync());
        var agent = new InstallationAgent(nest, host);
        var vm = await nest.VmAsync("vm5", network, host);
        await nest.ContainerAsync(vm, "c51", 51);
        await nest.NorthboundPassAsync(1);
        await EvaluateAsync();
        Assert.Equal((Reason.HostPending, Reason.HostPending), await ReasonsAsync());

        await agent.PassAsync();
        Assert.Equal((Reason.Ready, Reason.Ready), await ReasonsAsync());
        Assert.False(await agent.ReportAsync());

        // Another MTU is other work; what was confirmed was the former.
        await nest.DoAsync(async db =>
        {
            await db.Database.ExecuteSqlAsync($"UPDATE networks SET mtu = 1400");
            await PlacementWriter.RefreshAsync(db, vm.Id, default);
        });
        await EvaluateAsync();
        Assert.Equal((Reason.HostPending, Reason.HostPending), await ReasonsAsync());
        await agent.ReportAsync();
        Assert.Equal((Reason.HostPending, Reason.HostPending), await ReasonsAsync());
        await agent.PassAsync();
        Assert.Equal((Reason.Ready, Reason.Ready), await ReasonsAsync());

        await agent.ReportAsync(error: "no space left on device");
        Assert.Equal((Reason.HostFailed, Reason.HostFailed), await ReasonsAsync());
        Assert.Contains(
            "no space left",
            await nest.ReadAsync(db => db.Containers.Select(c => c.Message).SingleAsync()),
            StringComparison.Ordinal
        );
        Assert.Equal(
            ["HostPending", "Ready", "HostPending", "Ready", "HostFailed"],
            (
                await nest.ReadAsync(db =>
                    db.Changes.Where(c => c.Kind == "container" && c.Action == "status")
                        .OrderBy(c => c.Number)
                        .Select(c => c.After)
                        .ToListAsync()
                )
            ).Select(after => (string)System.Text.Json.Nodes.JsonNode.Parse(after!)!["reason"]!)
        );

        Task EvaluateAsync() => nest.DoAsync(db => Readiness.EvaluateAsync(db, [vm.Id, network.Id, host.Id], default));
        async Task<(Reason, Reason)> ReasonsAsync() =>
            await nest.ReadAsync(async db => ((await db.Vms.SingleAsync()).Reason, (await db.Containers.SingleAsync()).Reason));
    }

    [Fact]
    public async Task Judging_one_container_reads_no_more_leases_when_there_are_thousands()
    {
        var nest = await Installation.CreateAsync();
        var vm = await nest.VmAsync("vm5", await nest.NetworkAsync(), await nest.HostAsync());
        var container = await nest.ContainerAsync(vm, "c51", 51);
        await nest.DoAsync(db =>
            db.ExecuteAsync(
                """
                WITH others AS (
                    INSERT INTO containers SELECT (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(), 'name',
                        'x' || i, 'tag', i))).*
                    FROM containers c, generate_series(100, 3000) i RETURNING id, tag)
                INSERT INTO vlan_leases SELECT (jsonb_populate_record(l, jsonb_build_object('id', gen_random_uuid(), 'container_id',
                    o.id, 'tag', o.tag))).*
                FROM vlan_leases l, others o
                """,
                default
            )
        );
        await nest.ReadAsync(db => db.ExecuteAsync("ANALYZE", default));
        await nest.DoAsync(async db =>
        {
            await db.ExecuteAsync("SET LOCAL plan_cache_mode = force_generic_plan", default); // as the service's own connections have it
            await Readiness.EvaluateAsync(db, [container.Id], default);
            var read = await db.QueryAsync(
                "SELECT sum(seq_tup_read + idx_tup_fetch)::bigint FROM pg_stat_xact_user_tables WHERE relname = 'vlan_leases'",
                row => row.GetInt64(0),
                default
            );
            Assert.InRange(read[0], 1, 20);
        });
    }

    [Fact]
    public async Task Who_takes_the_place_of_another_says_which_host_still_has_that()
    {
        var nest = await Installation.CreateAsync();
        var (network, host) = (await nest.NetworkAsync(), await nest.HostAsync());
        var vm = await nest.VmAsync("vm5", network, host);
        await nest.DeleteAsync(await nest.ContainerAsync(vm, "c51", 51));
        await nest.NorthboundPassAsync(1);
        var container = await nest.ContainerAsync(vm, "c51", 51);
        await nest.DoAsync(db => Readiness.EvaluateAsync(db, [vm.Id], default));
        Assert.Equal(
            "The removal of the previous holder of the name or tag is not confirmed yet. Waiting for host ubuntu2.",
            await nest.ReadAsync(db => db.Containers.Where(c => c.Id == container.Id).Select(c => c.Message).SingleAsync())
        );

        await nest.DeleteAsync(vm);
        await nest.NorthboundPassAsync(2);
        var next = await nest.VmAsync("vm5", network, host);
        await nest.DoAsync(db => Readiness.EvaluateAsync(db, [next.Id], default));
        Assert.Equal(
            "The removal of the previous holder of the name or tag is not confirmed yet. Waiting for host ubuntu2.",
            await nest.ReadAsync(db => db.Vms.Where(v => v.Id == next.Id).Select(v => v.Message).SingleAsync())
        );
    }

    [Fact]
    public async Task Another_system_id_makes_the_ports_of_the_hosts_vms_be_looked_at_again()
    {
        var nest = await Installation.CreateAsync();
        var host = await nest.HostAsync();
        var vm = await nest.VmAsync("vm5", await nest.NetworkAsync(), host);
        await nest.NorthboundPassAsync(1);
        var agent = new InstallationAgent(nest, host);
        await agent.PassAsync();
        Assert.True(await nest.ReadAsync(db => db.Vms.AnyAsync(v => v.DirtySeq > v.ReconciledSeq)));
        await nest.NorthboundPassAsync(2);
        await agent.ReportAsync();
        Assert.False(await nest.ReadAsync(db => db.Vms.AnyAsync(v => v.DirtySeq > v.ReconciledSeq)));
        await agent.SendAsync(new(agent.Work.Cursor, "another", 1, [], [], [], []));
        Assert.True(await nest.ReadAsync(db => db.Vms.AnyAsync(v => v.Id == vm.Id && v.DirtySeq > v.ReconciledSeq)));
    }
}
