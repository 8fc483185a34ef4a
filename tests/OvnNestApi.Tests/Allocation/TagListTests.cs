using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Placements;
using OvnNestApi.Problems;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Allocation;

/// <summary>Which tags the containers of a list get, and at what cost.</summary>
public sealed class TagListTests(TestApi api, ITestOutputHelper output) : IClassFixture<TestApi>
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 100)]
    [InlineData(100, 100)]
    public async Task New_containers_get_their_tags_in_one_statement(int vms, int containers)
    {
        var requests = New(await VmsAsync(vms), containers);
        var (statements, problems) = await BindAsync(requests);
        Assert.All(problems, Assert.Null);
        Assert.Equal(1, statements);
        foreach (var ofVm in requests.GroupBy(request => request.Vm.Id))
        {
            Assert.Equal(Enumerable.Range(2, containers), ofVm.Select(request => request.Container.Tag));
            Assert.Equal(containers, await api.ReadAsync(db => db.VlanHistory.CountAsync(t => t.VmId == ofVm.Key && t.Until == null)));
            Assert.Equal(
                containers + 2,
                await api.ReadAsync(db => db.Vms.Where(v => v.Id == ofVm.Key).Select(v => v.NextTag).SingleAsync())
            );
        }
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(1, 100)]
    [InlineData(100, 100)]
    public async Task Containers_exchange_their_tags_in_three_statements(int vms, int containers)
    {
        var requests = New(await VmsAsync(vms), containers);
        await BindAsync(requests);
        var exchanged = requests.ConvertAll(request => request with { Tag = 2 + ((request.Container.Tag - 1) % containers) });
        var (statements, problems) = await BindAsync(exchanged);
        Assert.All(problems, Assert.Null);
        Assert.Equal(3, statements);
        var ids = requests.Select(request => request.Vm.Id).Distinct().ToList();
        var leases = await api.ReadAsync(db => db.VlanLeases.Where(lease => ids.Contains(lease.VmId)).ToListAsync());
        Assert.All(leases, lease => Assert.Equal(LeaseState.Draining, lease.State));
        Assert.Equal(
            exchanged.Select(request => ((Guid?)request.Container.Id, request.Tag ?? 0)).Order(),
            leases.Select(lease => (lease.SuccessorId, lease.Tag)).Order()
        );

        // Sending the list again changes nothing.
        Assert.All((await BindAsync(exchanged)).Problems, Assert.Null);
        Assert.Equal(exchanged.Select(request => request.Tag), exchanged.Select(request => (int?)request.Container.Tag));
    }

    [Fact]
    public async Task A_tag_that_the_list_requests_is_not_chosen_for_another_container()
    {
        var vm = (await VmsAsync(1))[0];
        List<TagRequest> requests = [new(vm, Container(vm, "any")), new(vm, Container(vm, "two"), 2), new(vm, Container(vm, "last"))];
        Assert.All((await BindAsync(requests)).Problems, Assert.Null);
        Assert.Equal([3, 2, 4], requests.Select(request => request.Container.Tag));
    }

    [Fact]
    public async Task Two_requests_of_a_list_for_one_tag_are_refused_to_the_second_and_the_problem_names_the_first()
    {
        var vm = (await VmsAsync(1))[0];
        var pointers = new TagPointers("#/spec/vlan", "#/spec/lease");
        var (_, problems) = await BindAsync([new(vm, Container(vm, "a"), 51), new(vm, Container(vm, "b"), 51, Pointers: pointers)]);
        Assert.Null(problems[0]);
        Assert.Equal("vlan-tag-taken", problems[1]?.Code);
        Assert.Equal($"Tag 51 of {vm.Name} is also requested for container a. Request different tags.", problems[1]?.Detail);
    }

    [Fact]
    public async Task A_container_gets_the_tag_that_another_one_gives_up_for_a_free_one()
    {
        var requests = New(await VmsAsync(1), 2);
        await BindAsync(requests);
        Assert.All((await BindAsync([requests[0] with { Tag = 3 }, requests[1] with { Tag = 60 }])).Problems, Assert.Null);
        Assert.Equal(
            [(3, LeaseState.Draining, requests[0].Container.Id), (60, LeaseState.Bound, null)],
            await LeasesAsync(requests[0].Vm, 3, 60)
        );
    }

    [Fact]
    public async Task A_container_does_not_get_the_tag_of_one_that_keeps_it()
    {
        var requests = New(await VmsAsync(1), 2);
        await BindAsync(requests);
        var (_, problems) = await BindAsync([requests[0] with { Tag = 3 }, requests[1]]);
        Assert.Equal("vlan-tag-taken", problems[0]?.Code);
        Assert.Null(problems[1]);
    }

    [Fact]
    public async Task An_exchange_that_is_not_confirmed_yet_can_be_taken_back_only_by_both()
    {
        var requests = New(await VmsAsync(1), 2);
        await BindAsync(requests);
        await BindAsync([requests[0] with { Tag = 3 }, requests[1] with { Tag = 2 }]);
        Assert.Equal("vlan-tag-taken", (await BindAsync([requests[0] with { Tag = 2 }])).Problems[0]?.Code);
        Assert.All((await BindAsync([requests[0] with { Tag = 2 }, requests[1] with { Tag = 3 }])).Problems, Assert.Null);
        Assert.Equal(
            [(2, LeaseState.Draining, requests[0].Container.Id), (3, LeaseState.Draining, requests[1].Container.Id)],
            await LeasesAsync(requests[0].Vm, 2, 3)
        );
    }

    [Fact]
    public async Task Placements_are_refreshed_in_one_command_for_any_number_of_VMs_and_containers()
    {
        var network = await api.NetworkAsync();
        var ids = new List<Guid>();
        for (var i = 0; i < 3; i++)
        {
            ids.Add((await api.PutSpecAsync($"/v1/vms/{await api.VmAsync(network)}/containers/c")).Id);
        }

        var vms = await api.ReadAsync(db => db.Containers.Where(c => ids.Contains(c.Id)).Select(c => c.VmId).ToListAsync());
        foreach (var count in new[] { 1, 3 })
        {
            using var counter = new QueryCounter(api.Database, "placements") { OfCaller = true }.Start();
            await using var db = api.Open();
            await using var transaction = await db.Database.BeginTransactionAsync();
            await PlacementWriter.RefreshAsync(db, [.. vms.Take(count)], [.. ids.Take(count)], default);
            Assert.Equal(1, counter.Count);
        }
    }

    /// <summary>Binds the tags in a transaction, which is rolled back if there is a problem; counts the statements.</summary>
    private async Task<(int Statements, IReadOnlyList<Problem?> Problems)> BindAsync(List<TagRequest> requests)
    {
        using var counter = new QueryCounter(api.Database, "vlan_") { OfCaller = true }.Start();
        IReadOnlyList<Problem?> problems = [];
        var start = Stopwatch.GetTimestamp();
        await api.TryAsync(async db =>
        {
            problems = await Leases.BindAsync(db, requests, default);
            return problems.FirstOrDefault(problem => problem is not null);
        });
        output.WriteLine(
            $"{requests.Count} requests: {counter.Count} statements, {Stopwatch.GetElapsedTime(start).TotalMilliseconds:f0} ms"
        );
        return (counter.Count, problems);
    }

    private Task<List<(int, LeaseState, Guid?)>> LeasesAsync(Vm vm, params int[] tags) =>
        api.ReadAsync(async db =>
            (await db.VlanLeases.Where(l => l.VmId == vm.Id && tags.Contains(l.Tag)).OrderBy(l => l.Tag).ToListAsync()).ConvertAll(l =>
                (l.Tag, l.State, l.SuccessorId)
            )
        );

    private async Task<List<Vm>> VmsAsync(int count)
    {
        var network = await api.NetworkAsync();
        await using var db = api.Open();
        var id = await db.Networks.Where(n => n.Name == network).Select(n => n.Id).SingleAsync();
        var vms = Enumerable.Range(0, count).Select(_ => NewVm(id, api.NewName("vm"))).ToList();
        db.Vms.AddRange(vms);
        await db.SaveChangesAsync();
        return vms;
    }

    private static List<TagRequest> New(List<Vm> vms, int containers) =>
        [.. vms.SelectMany(vm => Enumerable.Range(0, containers).Select(i => new TagRequest(vm, Container(vm, $"c{i}"))))];

    private static Vm NewVm(Guid network, string name) =>
        new()
        {
            Name = name,
            Spec = "{}",
            NetworkId = network,
            Mac = PortListing.MacPrefix.Random(),
            PortName = name,
            Interface = name,
            Namespace = name,
            Bridge = name,
        };

    private static Container Container(Vm vm, string name) =>
        new()
        {
            Name = name,
            VmId = vm.Id,
            Spec = "{}",
            NetworkId = vm.NetworkId,
            Tag = 0,
            Mac = PortListing.MacPrefix.Random(),
            PortName = name,
            Interface = name,
            Namespace = name,
        };
}
