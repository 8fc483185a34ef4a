using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OvnNestApi.Allocation;
using OvnNestApi.Conditions;
using OvnNestApi.Placements;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Placements;

/// <summary>Containers of a VM that exchange their tags in one request.</summary>
public sealed class ExchangeTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Exchanged_tags_are_bound_when_their_release_is_confirmed_and_no_two_ports_have_a_tag_at_any_time(int count)
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await nest.HostAsync();
        var (_, vm, containers) = await nest.LabAsync(count, agent.Host);
        await agent.PassAsync();
        await using var monitor = ChildProcess.Start(
            "ovsdb-client",
            [
                "monitor",
                "--format=csv",
                "--no-headings",
                nest.Server.Endpoint,
                "OVN_Northbound",
                "Logical_Switch_Port",
                "parent_name,tag_request",
            ]
        );
        await monitor.WaitForLineAsync($"{50 + count}");

        await ExchangeAsync(nest, vm, containers);
        Assert.Equal(Reason.Replacing, (await nest.ReadAsync(containers[0])).Reason);
        nest.Wake();
        for (var i = 0; i < count; i++)
        {
            await nest.BarrierAsync(51 + i);
        }

        agent.NbCfg = 1_000_000;
        await Eventually.Becomes(
            "the tags are bound again",
            async () =>
            {
                await agent.PassAsync();
                return await nest.ReadAsync(db => db.VlanLeases.AsNoTracking().OrderBy(lease => lease.Tag).ToListAsync());
            },
            leases => leases.All(lease => lease.State == LeaseState.Bound)
        );
        await nest.SettledAsync();
        for (var i = 0; i < count; i++)
        {
            var tag = 51 + ((i + 1) % count);
            Assert.Equal(containers[i].Id, (await nest.LeaseAsync(tag))?.ContainerId);
            await nest.PortBecomesAsync(containers[i].PortName, "tag_request", $"{tag}");
        }

        await agent.PassAsync();
        Assert.Equal(count, agent.Work.Vms.Single().Containers.Count);
        await AssertNoTagTwiceAsync(monitor, 2 * count);
    }

    /// <summary>Gives each container the tag of the next one, as a request for all of them does.</summary>
    private static Task ExchangeAsync(ReconciledInstallation nest, Vm vm, IReadOnlyList<Container> containers) =>
        nest.Api.TransactAsync(async db =>
        {
            await db.Vms.FromSql($"SELECT * FROM vms WHERE id = {vm.Id} FOR NO KEY UPDATE").AsNoTracking().ToListAsync();
            var requests = containers.Select((one, i) => new TagRequest(vm, one, 51 + ((i + 1) % containers.Count))).ToList();
            Assert.All(await Leases.BindAsync(db, requests, default), Assert.Null);
            foreach (var container in containers)
            {
                await db.Database.ExecuteSqlAsync(
                    $"UPDATE containers SET tag = {container.Tag}, dirty_seq = nextval('dirty_seq') WHERE id = {container.Id}"
                );
            }

            var ids = containers.Select(container => container.Id).ToList();
            await PlacementWriter.RefreshAsync(db, [], ids, default);
            await nest.Api.Services.GetRequiredService<Readiness>().EvaluateAsync(db, ids, default);
        });

    /// <summary>Applies the updates that the monitor has printed one by one; fails if two ports of a parent have the same tag.</summary>
    private static async Task AssertNoTagTwiceAsync(ChildProcess monitor, int changes)
    {
        var text = await Eventually.Becomes(
            "the monitor has printed all changes",
            () => monitor.Output,
            seen => seen.Split('\n').Count(line => line.Split(',') is [_, "insert" or "delete" or "new", ..]) >= changes
        );
        var ports = new Dictionary<string, string>();
        foreach (var update in text.Split("\n\n"))
        {
            foreach (
                var (row, action, value) in update
                    .Split('\n')
                    .Select(line => line.Split(',', 3))
                    .Where(f => f.Length == 3)
                    .Select(f => (f[0], f[1], f[2]))
            )
            {
                if (action == "delete")
                {
                    ports.Remove(row);
                }
                else if (action != "old")
                {
                    ports[row] = value;
                }
            }

            var nested = ports.Values.Where(value => value.Any(char.IsDigit)).ToList();
            Assert.Equal(nested.Count, nested.Distinct().Count());
        }
    }
}
