using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OvnNestApi.Agents;
using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Conditions;

/// <summary>Conditions that are stored when the NB, a host or a request changes something.</summary>
public sealed class ReadinessTests
{
    private const string WaitsForHost =
        "The removal of the previous holder of the name or tag is not confirmed yet. Waiting for host ubuntu2.";

    [Fact]
    public async Task A_container_is_ready_when_its_host_has_confirmed_the_current_work_and_not_before()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await nest.HostAsync();
        await nest.LabAsync(1, agent.Host);
        await nest.SetPortsUpAsync();
        await ReasonsBecomeAsync(Reason.HostPending);
        await Eventually.Holds("both ports are up", () => nest.ReadAsync(db => db.Containers.AnyAsync(c => c.Up && db.Vms.Any(v => v.Up))));

        await agent.PassAsync();
        Assert.Equal((Reason.Ready, Reason.Ready), await ReasonsAsync());
        Assert.False(await IsNewsAsync(nest, agent));

        // Another MTU is other work. The host has confirmed the work before it.
        await nest.NetworkAsync(spec: """{"subnet":"172.16.0.0/16","gateway":"172.16.0.1","dhcp":{"mtu":1400}}""");
        await ReasonsBecomeAsync(Reason.HostPending);
        await agent.ReportAsync();
        Assert.Equal((Reason.HostPending, Reason.HostPending), await ReasonsAsync());
        await nest.SettledAsync();
        await agent.PassAsync();
        Assert.Equal((Reason.Ready, Reason.Ready), await ReasonsAsync());

        await agent.ReportAsync(error: "no space left on device");
        Assert.Equal((Reason.HostFailed, Reason.HostFailed), await ReasonsAsync());
        var message = await nest.ReadAsync(db => db.Containers.Select(c => c.Message).SingleAsync());
        Assert.Contains("no space left", message, StringComparison.Ordinal);
        Assert.Equal(["HostPending", "Ready", "HostPending", "Ready", "HostFailed"], (await LoggedAsync()).TakeLast(5));

        Task ReasonsBecomeAsync(Reason reason) =>
            Eventually.Becomes($"VM and container are {reason}", ReasonsAsync, seen => seen == (reason, reason));

        Task<(Reason, Reason)> ReasonsAsync() =>
            nest.ReadAsync(async db => ((await db.Vms.SingleAsync()).Reason, (await db.Containers.SingleAsync()).Reason));

        async Task<List<string?>> LoggedAsync()
        {
            var changes = await nest.ReadAsync(db =>
                db.Changes.Where(c => c.Kind == "container" && c.Action == "status")
                    .OrderBy(c => c.Number)
                    .Select(c => c.After)
                    .ToListAsync()
            );
            return [.. changes.Select(after => (string?)JsonNode.Parse(after!)!["reason"])];
        }
    }

    [Fact]
    public async Task The_evaluation_of_one_container_reads_no_more_leases_if_there_are_thousands()
    {
        await using var api = new TestApi();
        await api.InitializeAsync();
        var vm = await api.VmAsync();
        var container = (await api.PutSpecAsync($"/v1/vms/{vm}/containers/c51", """{"vlan":51}""")).Id;
        await api.TransactAsync(db =>
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
        await api.ReadAsync(db => db.ExecuteAsync("ANALYZE", default));
        await api.TransactAsync(async db =>
        {
            // The connections of the API have this setting.
            await db.ExecuteAsync("SET LOCAL plan_cache_mode = force_generic_plan", default);
            await api.Services.GetRequiredService<Readiness>().EvaluateAsync(db, [container], default);
            var read = await db.QueryAsync(
                "SELECT sum(seq_tup_read + idx_tup_fetch)::bigint FROM pg_stat_xact_user_tables WHERE relname = 'vlan_leases'",
                row => row.GetInt64(0),
                default
            );
            Assert.InRange(read[0], 1, 20);
        });
    }

    [Fact]
    public async Task A_new_incarnation_shows_which_host_still_has_the_former_one()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await nest.HostAsync();
        await nest.LabAsync(1, agent.Host);
        await nest.DeleteContainerAsync("c51");
        var container = await nest.ContainerAsync("c51", 51);
        await Eventually.Becomes("the container waits for the host", () => nest.ReadAsync(container), c => c.Message == WaitsForHost);

        await nest.DeleteVmAsync();
        var next = await nest.VmAsync(host: agent.Host);
        await Eventually.Becomes(
            "the VM waits for the host",
            () => nest.ReadAsync(db => db.Vms.Where(v => v.Id == next.Id).Select(v => v.Message).SingleAsync()),
            message => message == WaitsForHost
        );
    }

    [Fact]
    public async Task If_a_host_reports_another_system_id_the_ports_of_its_VMs_are_requested_on_that_chassis()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await nest.HostAsync();
        await nest.LabAsync(0, agent.Host);
        await agent.PassAsync();
        await OptionsBecomeAsync(agent.Host);
        await agent.SendAsync(agent.Report() with { SystemId = "another" });
        await OptionsBecomeAsync("another");

        Task OptionsBecomeAsync(string chassis) =>
            Eventually.Becomes(
                $"the port is requested on {chassis}",
                () => nest.GetAsync("dmz-vm5", "options"),
                options => options.Contains($"requested-chassis={chassis}", StringComparison.Ordinal)
            );
    }

    /// <summary>Reports the lists of the agent again, and returns whether the API found news in the report.</summary>
    private static async Task<bool> IsNewsAsync(ReconciledInstallation nest, SimulatedAgent agent)
    {
        await using var db = nest.Api.Open();
        var host = await db.Hosts.Select(h => h.Id).SingleAsync();
        var answer = await nest.Api.Services.GetRequiredService<ReportIntake>().TakeAsync(db, host, agent.Report(), null, default);
        Assert.True(answer.TryGet(out var isNews, out var problem), problem?.Detail);
        return isNews;
    }
}
