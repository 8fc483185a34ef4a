using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Problems;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Allocation;

/// <summary>Addresses for a list of ports in one transaction.</summary>
public sealed class AddressListTests(TestApi api, ITestOutputHelper output) : IClassFixture<TestApi>
{
    private const string Remedy = " To exchange the addresses of two ports, change both in one manifest (POST /v1/manifests).";

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(10_000)]
    public async Task The_number_of_statements_does_not_depend_on_the_number_of_ports(int count)
    {
        var networks = new List<Network>();
        for (var i = 0; i < Math.Min(count, 100); i++)
        {
            networks.Add(await NetworkAsync("10.0.0.0/16", gateway: "10.0.0.1", reserved: ["10.0.0.3-10.0.0.4"]));
        }

        var ports = Enumerable.Range(0, count).Select(i => PortListing.Port(networks[i % networks.Count])).ToList();
        Assert.Equal(2, await StatementsAsync("drawn", port => port));
        Assert.Equal(count, await StoredAsync());
        Assert.All(ports.Take(networks.Count), port => Assert.Equal("10.0.0.2", $"{port.Ip}"));
        Assert.Equal(0, await StatementsAsync("kept", port => port));
        Assert.Equal(2, await StatementsAsync("changed", port => port with { Ip = new Ipv4(port.Port.Ip!.Value.Value + 30_000) }));
        Assert.Equal(count, await StoredAsync());

        var former = ports;
        ports = former.ConvertAll(port => PortListing.Port(networks.Single(network => network.Id == port.NetworkId)));
        var of = ports.Zip(former).ToDictionary(pair => pair.First.Id, pair => pair.Second);
        Assert.Equal(2, await StatementsAsync("passed on", port => port with { Predecessor = of[port.Port.Id] }));
        Assert.Equal(count, await StoredAsync());
        Assert.All(ports.Zip(former), pair => Assert.Equal((pair.Second.Mac, pair.Second.Ip), (pair.First.Mac, pair.First.Ip)));

        async Task<int> StatementsAsync(string what, Func<AddressRequest, AddressRequest> change)
        {
            var byId = networks.ToDictionary(network => network.Id);
            var requests = ports.ConvertAll(port => change(new(port, byId[port.NetworkId], null, null)));
            var statements = 0;
            await api.TransactAsync(async db =>
            {
                using var counter = new StatementCounter();
                var started = Stopwatch.StartNew();
                Assert.All(await AddressBook.AssignAsync(db, PortListing.MacPrefix, requests, default), problem =>
                    Assert.Null(problem?.Detail)
                );
                output.WriteLine($"{count} addresses in {networks.Count} networks {what} in {started.ElapsedMilliseconds} ms");
                statements = counter.Count;
            });
            return statements;
        }

        async Task<int> StoredAsync()
        {
            var ids = ports.ConvertAll(port => port.Id);
            var stored = await api.ReadAsync(db => db.Addresses.AsNoTracking().Where(a => ids.Contains(a.OwnerId!.Value)).ToListAsync());
            var expected = ports.Select(port => (port.Id, port.NetworkId, (MacAddress?)port.Mac, port.Ip));
            Assert.Equal(expected.ToHashSet(), stored.Select(a => (a.OwnerId!.Value, a.NetworkId, a.Mac, a.Ip)).ToHashSet());
            return stored.Select(a => (a.NetworkId, a.Ip)).Distinct().Count();
        }
    }

    [Fact]
    public async Task Two_ports_of_a_list_can_swap_their_addresses()
    {
        var network = await NetworkAsync("10.0.0.0/24");
        var (one, other) = (PortListing.Port(network), PortListing.Port(network));
        await GivenAsync(new(one, network, null, null), new(other, network, null, null));
        var before = (one.Mac, one.Ip, other.Mac, other.Ip);
        await GivenAsync(new(one, network, other.Ip, other.Mac), new(other, network, one.Ip, one.Mac));
        Assert.Equal(before, (other.Mac, other.Ip, one.Mac, one.Ip));
        await GivenAsync(new(one, network, other.Ip, null), new(other, network, one.Ip, null));
        Assert.Equal(before, (other.Mac, one.Ip, one.Mac, other.Ip));
        var stored = await api.ReadAsync(db => db.Addresses.Where(a => a.NetworkId == network.Id).OrderBy(a => a.Ip).ToListAsync());
        Assert.Equal(
            [(one.Id, one.Mac, one.Ip), (other.Id, other.Mac, other.Ip)],
            stored.Select(a => (a.OwnerId!.Value, a.Mac!.Value, a.Ip))
        );
    }

    [Fact]
    public async Task An_address_that_one_port_of_a_list_gives_up_is_available_to_another()
    {
        var network = await NetworkAsync("10.0.0.0/24");
        var (one, other) = (PortListing.Port(network), PortListing.Port(network));
        await GivenAsync(new AddressRequest(one, network, Ip("10.0.0.9"), null));
        await GivenAsync(new(other, network, Ip("10.0.0.9"), null), new(one, network, Ip("10.0.0.8"), null));
        Assert.Equal(("10.0.0.8", "10.0.0.9"), ($"{one.Ip}", $"{other.Ip}"));
    }

    [Fact]
    public async Task A_port_keeps_its_address_although_another_one_of_the_list_requests_it()
    {
        var network = await NetworkAsync("10.0.0.0/24");
        var (one, other) = (PortListing.Port(network), PortListing.Port(network));
        await GivenAsync(new AddressRequest(one, network, Ip("10.0.0.9"), null));
        var problems = await TryAsync(
            PortListing.Requesting(other, network, Ip("10.0.0.9"), null),
            PortListing.Requesting(one, network, null, PortListing.MacPrefix.Random())
        );
        Assert.Equal([$"10.0.0.9 in network {network.Name} belongs to container {one.Name}.", null], problems.Select(p => p?.Detail));
    }

    [Fact]
    public async Task Of_two_requests_of_a_list_for_one_address_the_second_is_refused_with_the_name_of_the_first()
    {
        var network = await NetworkAsync("10.0.0.0/24");
        var (one, other, third) = (PortListing.Port(network), PortListing.Port(network), PortListing.Port(network));
        var mac = PortListing.MacPrefix.Random();
        var problems = await TryAsync(
            PortListing.Requesting(one, network, Ip("10.0.0.9"), mac),
            PortListing.Requesting(other, network, Ip("10.0.0.9"), null),
            PortListing.Requesting(third, network, null, mac)
        );
        Assert.Equal([null, "address-taken", "address-taken"], problems.Select(problem => problem?.Code));
        Assert.Equal([null, "#/spec/ip", "#/spec/mac"], problems.Select(problem => problem?.Errors[0].Pointer));
        Assert.Equal(
            [
                null,
                $"10.0.0.9 in network {network.Name} belongs to container {one.Name}.",
                $"{mac} in network {network.Name} belongs to container {one.Name}.",
            ],
            problems.Select(problem => problem?.Detail)
        );
        Assert.Equal(0, await api.ReadAsync(db => db.Addresses.CountAsync(a => a.NetworkId == network.Id)));
    }

    [Fact]
    public async Task Addresses_of_ports_outside_of_the_list_are_refused_with_the_names_of_their_holders()
    {
        var network = await NetworkAsync("10.0.0.0/24");
        var vm = await api.PutSpecAsync("/v1/vms/holder", $$"""{"network":"{{network.Name}}","ip":"10.0.0.9"}""");
        var mac = vm.Effective.GetProperty("mac").GetString();
        Assert.True(MacAddress.TryParse(mac, out var taken));
        var problems = await TryAsync(
            PortListing.Requesting(PortListing.Port(network), network, Ip("10.0.0.9"), null),
            PortListing.Requesting(PortListing.Port(network), network, null, taken),
            PortListing.Requesting(PortListing.Port(network), network, null, null)
        );
        Assert.Equal(
            [
                $"10.0.0.9 in network {network.Name} belongs to VM holder.{Remedy}",
                $"{mac} in network {network.Name} belongs to VM holder.{Remedy}",
                null,
            ],
            problems.Select(problem => problem?.Detail)
        );
    }

    [Fact]
    public async Task A_port_without_a_requested_address_does_not_get_one_that_another_port_of_the_list_requests()
    {
        var network = await NetworkAsync("10.0.0.0/29");
        var ports = Enumerable.Range(0, 6).Select(_ => PortListing.Port(network)).ToList();
        await GivenAsync([.. ports.Select((port, i) => new AddressRequest(port, network, i == 5 ? Ip("10.0.0.1") : null, null))]);
        Assert.Equal([2, 3, 4, 5, 6, 1], ports.Select(port => port.Ip!.Value.Value & 255));
    }

    [Fact]
    public async Task A_list_that_needs_more_addresses_than_are_free_is_refused_with_the_numbers()
    {
        var network = await NetworkAsync("10.0.0.0/29", gateway: "10.0.0.1");
        await GivenAsync(new AddressRequest(PortListing.Port(network), network, null, null));
        var problems = await TryAsync([
            .. Enumerable.Range(0, 6).Select(_ => PortListing.Requesting(PortListing.Port(network), network, null, null)),
        ]);
        var refusal = $"6 addresses of 10.0.0.0/29 of network {network.Name} are needed and 4 are free: 1 of 5 are in use.";
        Assert.Equal([null, null, null, null, refusal, refusal], problems.Select(problem => problem?.Detail));
        Assert.Equal(("addresses-exhausted", "#/spec/ip"), (problems[5]?.Code, problems[5]?.Errors[0].Pointer));
    }

    [Theory]
    [InlineData("10.0.0.0/8", false)]
    [InlineData("10.0.0.0/26", true)]
    public async Task Concurrent_lists_in_one_network_get_distinct_addresses_and_do_not_wait_for_each_other(string subnet, bool areFreed)
    {
        var network = await NetworkAsync(subnet);
        var ports = Enumerable.Range(0, 62).Select(_ => PortListing.Port(network)).ToList();
        if (areFreed)
        {
            await GivenAsync([.. ports.Select(port => new AddressRequest(port, network, null, null))]);
            await api.ExecuteAsync($"UPDATE addresses SET owner_id = NULL, mac = NULL, freed_at = now() WHERE network_id = {network.Id}");
            ports.ForEach(port => (port.Mac, port.Ip) = (default, null));
        }

        await using var outer = api.Open();
        await using var transaction = await outer.Database.BeginTransactionAsync();
        await AssignAsync(outer, ports[..20]);
        await api.TransactAsync(async db =>
        {
            await db.Database.ExecuteSqlAsync($"SET LOCAL lock_timeout = '1s'");
            await AssignAsync(db, ports[20..40]);
        });
        await transaction.CommitAsync();
        Assert.Equal(40, ports.Take(40).Select(port => port.Ip).Distinct().Count());
        Assert.Equal(40, await api.ReadAsync(db => db.Addresses.CountAsync(a => a.NetworkId == network.Id && a.FreedAt == null)));

        async Task AssignAsync(NestDb db, IEnumerable<Container> some) =>
            Assert.All(
                await AddressBook.AssignAsync(
                    db,
                    PortListing.MacPrefix,
                    [.. some.Select(port => new AddressRequest(port, network, null, null))],
                    default
                ),
                problem => Assert.Null(problem?.Detail)
            );
    }

    [Fact]
    public async Task A_remembered_address_that_another_port_of_the_list_requests_is_not_used()
    {
        var network = await NetworkAsync("10.0.0.0/24");
        var vm = (await api.PutSpecAsync("/v1/vms/remembering", $$"""{"network":"{{network.Name}}"}""")).Id;
        await api.ExecuteAsync(
            $"""
            INSERT INTO vlan_leases (id, vm_id, tag, state, container_name, since, awaits_all_chassis, revision, former_mac, former_ip)
            SELECT gen_random_uuid(), {vm}, tag, 'Cooling', 'c' || tag, now(), false, 1, ('02:00:00:00:00:0' || tag)::macaddr,
                inet '10.0.0.100' + tag FROM generate_series(1, 2) AS tag
            """
        );
        var (one, two) = (PortListing.Port(network, vm, "c1"), PortListing.Port(network, vm, "c2"));
        await GivenAsync(
            new(one, network, null, null),
            new(two, network, null, null),
            new(PortListing.Port(network), network, Ip("10.0.0.101"), null)
        );
        Assert.Equal(("02:00:00:00:00:02", "10.0.0.102"), ($"{two.Mac}", $"{two.Ip}"));
        Assert.Equal("10.0.0.2", $"{one.Ip}");
        Assert.NotEqual("02:00:00:00:00:01", $"{one.Mac}");
    }

    private async Task<Network> NetworkAsync(string subnet, string? gateway = null, string[]? reserved = null)
    {
        Assert.True(Cidr.TryParse(subnet, out var cidr));
        var name = api.NewName("net");
        var network = new Network
        {
            Name = name,
            Spec = "{}",
            SwitchName = name,
            Subnet = cidr,
            Gateway = gateway is null ? null : Ip(gateway),
            Reserved = reserved ?? [],
            CreatedAt = DateTimeOffset.UnixEpoch,
            UpdatedAt = DateTimeOffset.UnixEpoch,
        };
        await api.TransactAsync(async db =>
        {
            db.Networks.Add(network);
            await db.SaveChangesAsync();
            await AddressDraw.ResetAsync(db, [network], default);
        });
        return network;
    }

    private async Task GivenAsync(params AddressRequest[] requests) =>
        Assert.All(await TryAsync(requests), problem => Assert.Null(problem?.Detail));

    /// <summary>Assigns the addresses in one transaction, which is rolled back if a request is refused.</summary>
    private async Task<IReadOnlyList<Problem?>> TryAsync(params AddressRequest[] requests)
    {
        IReadOnlyList<Problem?> problems = [];
        await api.TryAsync(async db =>
        {
            problems = await AddressBook.AssignAsync(db, PortListing.MacPrefix, requests, default);
            return problems.FirstOrDefault(problem => problem is not null);
        });
        return problems;
    }

    private static Ipv4 Ip(string text) => Ipv4.TryParse(text, out var ip) ? ip : throw new FormatException(text);
}
