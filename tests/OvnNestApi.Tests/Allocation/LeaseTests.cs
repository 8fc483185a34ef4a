using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Allocation;

/// <summary>Tags: who gets which.</summary>
public sealed class LeaseTests
{
    [Fact]
    public async Task Tags_are_chosen_from_the_ranges_the_lowest_never_used_first()
    {
        var nest = await Installation.CreateAsync();
        var vm = await nest.VmAsync("vm5", await nest.NetworkAsync(), null, "7,100-101");
        Assert.Equal(7, (await nest.ContainerAsync(vm, "c1")).Tag);
        Assert.Equal(100, (await nest.ContainerAsync(vm, "c2")).Tag);
        Assert.Equal(101, (await nest.ContainerAsync(vm, "c3")).Tag);
    }

    [Fact]
    public async Task When_every_tag_was_used_the_one_free_longest_is_next()
    {
        var nest = await Installation.CreateAsync();
        var vm = await nest.VmAsync("vm5", await nest.NetworkAsync(), null, "2-4");
        var containers = new[]
        {
            await nest.ContainerAsync(vm, "c1"),
            await nest.ContainerAsync(vm, "c2"),
            await nest.ContainerAsync(vm, "c3"),
        };
        var nbCfg = 0;
        foreach (var i in new[] { 1, 2, 0 })
        {
            await nest.DeleteAsync(containers[i]);
            await nest.NorthboundPassAsync(++nbCfg);
        }

        Assert.Equal(3, (await nest.ContainerAsync(vm, "d1")).Tag);
        Assert.Equal(4, (await nest.ContainerAsync(vm, "d2")).Tag);
        Assert.Equal(2, (await nest.ContainerAsync(vm, "d3")).Tag);
    }

    [Fact]
    public async Task A_tag_that_is_reserved_for_ever_is_not_chosen_though_it_was_free_long_ago()
    {
        var nest = await Installation.CreateAsync();
        var vm = await nest.VmAsync("vm5", await nest.NetworkAsync(), null, "2-3");
        foreach (var name in new[] { "c2", "c3" })
        {
            await nest.DeleteAsync(await nest.ContainerAsync(vm, name));
            await nest.NorthboundPassAsync(1);
        }

        await nest.DoAsync(db => Grant.ReservedAsync(db, vm, 2, ["web"], null, false, default));
        Assert.Equal(3, (await nest.ContainerAsync(vm, "next")).Tag);
    }

    [Fact]
    public async Task All_tags_of_a_vm_asked_for_at_once_are_distinct_and_one_more_is_told_the_figures()
    {
        var nest = await Installation.CreateAsync();
        var network = await nest.NetworkAsync(subnet: "10.0.0.0/16", gateway: "10.0.0.1");
        var vm = await nest.VmAsync("vm5", network, await nest.HostAsync(), "100-299");
        var problems = new System.Collections.Concurrent.ConcurrentBag<string>();
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
        {
            if (await nest.TryContainerAsync(vm, $"c{i}") is { } problem)
            {
                problems.Add(problem.Detail);
            }
        });
        Assert.Empty(problems);
        var tags = await nest.ReadAsync(db => db.Containers.Select(c => c.Tag).ToListAsync());
        Assert.Equal(Enumerable.Range(100, 200), tags.Order());
        var exhausted = await nest.TryContainerAsync(vm, "onemore");
        Assert.Equal("vlan-tags-exhausted", exhausted?.Code);
        Assert.Equal("None of the 200 tags 100-299 of vm5 is free: 200 bound.", exhausted?.Detail);
        Assert.Equal(
            200,
            await nest.ReadAsync(db =>
                db.Addresses.Where(a => a.Ip != null && a.OwnerId != vm.Id).Select(a => a.Ip).Distinct().CountAsync()
            )
        );
    }

    [Fact]
    public async Task A_tag_that_somebody_has_is_refused_with_who_has_it()
    {
        var nest = await Installation.CreateAsync();
        var vm = await nest.VmAsync("vm5", await nest.NetworkAsync(), null);
        await nest.ContainerAsync(vm, "c51", 51);
        var problem = await nest.TryContainerAsync(vm, "c52", 51);
        Assert.Equal(("vlan-tag-taken", "#/spec/vlan"), (problem?.Code, problem?.Errors[0].Pointer));
        Assert.Equal("Tag 51 of vm5 is bound to container c51.", problem?.Detail);
        Assert.False(problem?.Retryable);
    }

    [Fact]
    public async Task A_container_keeps_its_tag_when_none_is_asked_for()
    {
        var nest = await Installation.CreateAsync();
        var vm = await nest.VmAsync("vm5", await nest.NetworkAsync(), null);
        var container = await nest.ContainerAsync(vm, "c51", 51);
        Assert.Null(await nest.TryRetagAsync(vm, container, null));
        Assert.Equal(51, await nest.ReadAsync(db => db.Containers.Select(c => c.Tag).SingleAsync()));
        Assert.Equal(1, await nest.ReadAsync(db => db.VlanLeases.CountAsync()));
    }

    [Fact]
    public async Task A_changed_tag_leaves_the_old_one_draining_and_the_way_back_waits_for_it()
    {
        var nest = await Installation.CreateAsync();
        var vm = await nest.VmAsync("vm5", await nest.NetworkAsync(), null);
        var container = await nest.ContainerAsync(vm, "c51", 51);
        Assert.Null(await nest.TryRetagAsync(vm, container, 60));
        Assert.Equal(LeaseState.Draining, (await nest.LeaseAsync(vm, 51))?.State);
        Assert.Equal(LeaseState.Bound, (await nest.LeaseAsync(vm, 60))?.State);

        var before = await nest.LeaseAsync(vm, 51);
        Assert.Null(await nest.TryRetagAsync(vm, container, 51));
        Assert.Equal(container.Id, (await nest.LeaseAsync(vm, 51))?.SuccessorId);
        Assert.Equal("vlan-tag-taken", (await nest.TryContainerAsync(vm, "other", 51))?.Code);

        await nest.NorthboundPassAsync(1);
        var after = await nest.LeaseAsync(vm, 51);
        Assert.Equal((LeaseState.Bound, container.Id), (after?.State, after?.ContainerId));
        Assert.NotEqual(before?.Id, after?.Id);
    }

    [Fact]
    public async Task History_tells_who_had_a_tag()
    {
        var nest = await Installation.CreateAsync();
        var vm = await nest.VmAsync("vm5", await nest.NetworkAsync(), null);
        await nest.DeleteAsync(await nest.ContainerAsync(vm, "c51", 51));
        await nest.NorthboundPassAsync(1);
        await nest.ContainerAsync(vm, "c99", 51);
        var history = await nest.ReadAsync(db =>
            db.VlanHistory.Where(t => t.VmName == "vm5" && t.Tag == 51).OrderBy(t => t.Id).ToListAsync()
        );
        Assert.Equal(["c51", "c99"], history.Select(t => t.ContainerName));
        Assert.True(history[0].Until <= history[1].From);
        Assert.Null(history[1].Until);
    }

    [Theory]
    [InlineData("2-4094", "2-4094")]
    [InlineData("300, 100-199", "100-199,300")]
    [InlineData("5,4,3-3,10-20,15-30", "3-5,10-30")]
    public void Ranges_have_one_canonical_form(string text, string canonical) =>
        Assert.Equal(canonical, VlanRanges.TryParse(text, out var ranges) ? ranges.ToString() : null);

    [Theory]
    [InlineData("")]
    [InlineData("0-5")]
    [InlineData("4095")]
    [InlineData("9-3")]
    [InlineData("1,,2")]
    [InlineData("1-2-3")]
    [InlineData("+5")]
    public void What_is_no_range_is_refused(string text) => Assert.False(VlanRanges.TryParse(text, out _));
}
