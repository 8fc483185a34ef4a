using System.Collections.Concurrent;
using System.Net;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Allocation;

/// <summary>Which tag a container gets, and what happens to the tag that it had before.</summary>
public sealed class LeaseTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task Tags_are_chosen_from_the_ranges_the_lowest_one_that_was_never_used_first()
    {
        var vm = await VmAsync("7,100-101");
        foreach (var (name, tag) in new[] { ("c1", 7), ("c2", 100), ("c3", 101) })
        {
            Assert.Equal(tag, Tag(await api.PutSpecAsync($"/v1/vms/{vm}/containers/{name}")));
        }
    }

    [Fact]
    public async Task If_every_tag_was_used_the_tag_that_has_been_free_longest_is_next()
    {
        await using var nest = await ReleasingAsync("2-4");
        foreach (var name in new[] { "c2", "c3", "c4" })
        {
            await nest.ContainerAsync(name);
        }

        foreach (var tag in new[] { 3, 4, 2 })
        {
            await nest.DeleteContainerAsync($"c{tag}");
            await nest.CooledAsync(tag);
        }

        Assert.Equal(3, (await nest.ContainerAsync("d1")).Tag);
        Assert.Equal(4, (await nest.ContainerAsync("d2")).Tag);
        Assert.Equal(2, (await nest.ContainerAsync("d3")).Tag);
    }

    [Fact]
    public async Task A_tag_that_is_reserved_without_an_expiry_time_is_not_chosen_although_it_has_been_free_longest()
    {
        await using var nest = await ReleasingAsync("2-3");
        foreach (var tag in new[] { 2, 3 })
        {
            await nest.ContainerAsync($"c{tag}", tag);
            await nest.DeleteContainerAsync($"c{tag}");
            await nest.CooledAsync(tag);
        }

        await nest.ReserveAsync(2, "web");
        Assert.Equal(3, (await nest.ContainerAsync("next")).Tag);
    }

    [Fact]
    public async Task Concurrent_requests_for_all_tags_of_a_VM_get_distinct_tags_and_one_more_request_is_refused_with_the_numbers()
    {
        var vm = await VmAsync("100-299", await api.NetworkAsync("""{"subnet":"10.0.0.0/16"}"""));
        var created = new ConcurrentBag<ApiResponse>();
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
            created.Add((await api.PutSpecAsync($"/v1/vms/{vm}/containers/c{i}")).Is(HttpStatusCode.Created))
        );
        Assert.Equal(Enumerable.Range(100, 200), created.Select(Tag).Order());
        Assert.Equal(200, created.Select(container => container.Effective.GetProperty("ip").GetString()).Distinct().Count());

        var exhausted = (await api.PutAsync($"/v1/vms/{vm}/containers/onemore", "{}")).IsProblem("vlan-tags-exhausted");
        Assert.Equal($"None of the 200 tags 100-299 of {vm} is free: 200 bound.", exhausted.Detail);
    }

    [Fact]
    public async Task A_tag_that_a_container_has_is_refused_to_another_one_and_the_problem_names_the_container()
    {
        var vm = await VmAsync();
        await api.PutSpecAsync($"/v1/vms/{vm}/containers/c51", """{"vlan":51}""");
        var refused = await api.PutAsync($"/v1/vms/{vm}/containers/c52", """{"spec":{"vlan":51}}""");
        refused.IsProblem("vlan-tag-taken", "#/spec/vlan");
        Assert.Equal(
            $"Tag 51 of {vm} is bound to container c51. "
                + "To exchange the tags of two containers, change both in one manifest (POST /v1/manifests).",
            refused.Detail
        );
        Assert.False(refused.Json.GetProperty("retryable").GetBoolean());
    }

    [Fact]
    public async Task A_container_keeps_its_tag_if_a_later_request_names_no_tag()
    {
        var vm = await VmAsync();
        await api.PutSpecAsync($"/v1/vms/{vm}/containers/c51", """{"vlan":51}""");
        Assert.Equal(51, Tag(await api.PutSpecAsync($"/v1/vms/{vm}/containers/c51")));
        var leases = (await api.GetAsync($"/v1/vms/{vm}/vlan-leases")).IsSuccess().Json.GetProperty("items");
        Assert.Equal(1, leases.GetArrayLength());
    }

    [Fact]
    public async Task The_former_tag_of_a_container_drains_and_the_container_gets_it_back_only_after_that()
    {
        // Without ovn-northd, no tag is released.
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.LabAsync(0);
        var container = await nest.ContainerAsync("c51", 51);
        await nest.ContainerAsync("c51", 60);
        Assert.Equal(LeaseState.Draining, (await nest.LeaseAsync(51))?.State);
        Assert.Equal(LeaseState.Bound, (await nest.LeaseAsync(60))?.State);

        var before = await nest.LeaseAsync(51);
        await nest.ContainerAsync("c51", 51);
        Assert.Equal((LeaseState.Draining, container.Id), ((await nest.LeaseAsync(51))?.State, (await nest.LeaseAsync(51))?.SuccessorId));
        (await nest.PutContainerAsync("other", 51)).IsProblem("vlan-tag-taken");

        await nest.StartNorthdAsync();
        var after = await nest.LeaseBecomesAsync(51, LeaseState.Bound);
        Assert.Equal(container.Id, after.ContainerId);
        Assert.NotEqual(before?.Id, after.Id);
    }

    [Fact]
    public async Task The_history_has_every_container_that_had_a_tag()
    {
        await using var nest = await ReleasingAsync();
        await nest.ContainerAsync("c51", 51);
        await nest.DeleteContainerAsync("c51");
        await nest.CooledAsync(51);
        await nest.ContainerAsync("c99", 51);
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
    public void Text_that_is_not_a_list_of_tags_and_ranges_is_refused(string text) => Assert.False(VlanRanges.TryParse(text, out _));

    /// <summary>Starts an installation in which tags are released without a host, and creates vm5.</summary>
    private static async Task<ReconciledInstallation> ReleasingAsync(string? ranges = null)
    {
        var nest = await ReconciledInstallation.StartAsync();
        await nest.StartNorthdAsync();
        await nest.NetworkAsync();
        await nest.VmAsync(ranges: ranges);
        return nest;
    }

    private static int Tag(ApiResponse container) => container.Effective.GetProperty("vlan").GetInt32();

    private async Task<string> VmAsync(string ranges = "2-4094", string? network = null)
    {
        var vm = api.NewName("vm");
        network ??= await api.NetworkAsync();
        await api.PutSpecAsync($"/v1/vms/{vm}", $$"""{"network":"{{network}}","vlanRanges":"{{ranges}}"}""");
        return vm;
    }
}
