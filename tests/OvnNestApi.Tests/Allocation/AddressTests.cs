using System.Net;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Data;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Allocation;

/// <summary>Which addresses the ports of a network get. Every port here belongs to a VM.</summary>
public sealed class AddressTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task Network_broadcast_gateway_and_reserved_addresses_are_not_chosen_and_a_request_without_a_free_one_is_refused()
    {
        var network = await api.NetworkAsync(
            """{"subnet":"10.0.0.0/28","gateway":"10.0.0.1","reserved":["10.0.0.4-10.0.0.6","10.0.0.14"]}"""
        );
        var given = new List<int>();
        for (var i = 0; i < 9; i++)
        {
            given.Add(Last(await GiveAsync(api, network)));
        }

        Assert.Equal([2, 3, 7, 8, 9, 10, 11, 12, 13], given);
        var refused = (await TryAsync(api, network)).IsProblem("addresses-exhausted");
        Assert.Equal($"No address of 10.0.0.0/28 of network {network} is free: 9 of 9 are in use.", refused.Detail);
    }

    [Fact]
    public async Task Addresses_that_were_never_used_are_chosen_first_and_then_the_one_that_was_freed_first()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var network = (await nest.NetworkAsync(spec: """{"subnet":"10.0.0.0/29"}""")).Name;
        var given = new[]
        {
            await GiveAsync(nest.Api, network),
            await GiveAsync(nest.Api, network),
            await GiveAsync(nest.Api, network, "10.0.0.5"),
            await GiveAsync(nest.Api, network),
        };
        Assert.Equal([1, 2, 5, 3], given.Select(Last));
        foreach (var i in new[] { 2, 0, 3 })
        {
            await FreeAsync(nest.Api, given[i]);
        }

        foreach (var next in new[] { 4, 6, 5, 1, 3 })
        {
            Assert.Equal(next, Last(await GiveAsync(nest.Api, network)));
        }

        (await TryAsync(nest.Api, network)).IsProblem("addresses-exhausted");

        await FreeAsync(nest.Api, given[1]);
        Assert.Equal(2, Last(await GiveAsync(nest.Api, network, "10.0.0.2")));
        Assert.Equal(6, await nest.ReadAsync(db => db.Addresses.CountAsync()));
    }

    [Fact]
    public async Task Addresses_that_a_network_no_longer_reserves_are_chosen_as_never_used()
    {
        var network = await api.NetworkAsync("""{"subnet":"10.0.0.0/29","reserved":["10.0.0.1-10.0.0.4"]}""");
        Assert.Equal(5, Last(await GiveAsync(api, network)));
        await api.PutSpecAsync($"/v1/networks/{network}", """{"subnet":"10.0.0.0/29"}""");
        Assert.Equal(1, Last(await GiveAsync(api, network)));
        Assert.Equal(2, Last(await GiveAsync(api, network)));
    }

    [Theory]
    [InlineData("10.0.0.0/20")]
    [InlineData("10.0.0.0/8")]
    public async Task The_choice_of_an_address_reads_few_rows_whatever_the_size_of_the_subnet_and_the_number_of_addresses_in_use(
        string subnet
    )
    {
        await using var own = new TestApi();
        await own.InitializeAsync();
        await own.PutSpecAsync("/v1/networks/n", $$"""{"subnet":"{{subnet}}","gateway":"10.0.0.1"}""");
        var network = await own.ReadAsync(db => db.Networks.SingleAsync());
        await own.ExecuteAsync(
            $"""
            INSERT INTO addresses (owner_id, network_id, mac, ip) SELECT gen_random_uuid(), {network.Id},
                ('02:00:00:00:' || lpad(to_hex(i / 256), 2, '0') || ':' || lpad(to_hex(i % 256), 2, '0'))::macaddr,
                inet '10.0.0.2' + i
            FROM generate_series(0, 1999) i
            """
        );
        await own.ReadAsync(db => db.Database.ExecuteSqlAsync($"ANALYZE addresses"));
        await GiveAsync(own, "n");
        Assert.InRange(await RowsReadAsync(), 1, 20);

        await own.ExecuteAsync(
            $"""
            UPDATE addresses SET owner_id = NULL, mac = NULL, freed_at = now() WHERE ip < '10.0.4.0';
            UPDATE next_addresses SET ip = {AddressPool.Of(network).Last.ToIPAddress()} + 1
            """
        );
        Assert.InRange(await RowsReadAsync(), 1, 20);
        Assert.Equal(2002, await own.ReadAsync(db => db.Addresses.CountAsync()));

        async Task<long> RowsReadAsync()
        {
            var rows = 0L;
            await own.TransactAsync(async db =>
            {
                var before = await CountAsync(db);
                Assert.Equal(
                    [null],
                    await AddressBook.AssignAsync(db, PortListing.MacPrefix, [new(PortListing.Port(network), network, null, null)], default)
                );
                rows = await CountAsync(db) - before;
            });
            return rows;
        }

        static async Task<long> CountAsync(NestDb db) =>
            (
                await db.QueryAsync(
                    "SELECT sum(seq_tup_read + idx_tup_fetch)::bigint FROM pg_stat_xact_user_tables WHERE relname LIKE '%addresses'",
                    row => row.GetInt64(0),
                    default
                )
            )[0];
    }

    [Theory]
    [InlineData("10.0.1.2", "is not in 10.0.0.0/28")]
    [InlineData("10.0.0.0", "network or broadcast")]
    [InlineData("10.0.0.15", "network or broadcast")]
    [InlineData("10.0.0.1", "gateway")]
    [InlineData("10.0.0.5", "reserved")]
    public async Task An_address_that_a_port_cannot_have_is_refused(string ip, string because)
    {
        var network = await api.NetworkAsync("""{"subnet":"10.0.0.0/28","gateway":"10.0.0.1","reserved":["10.0.0.4-10.0.0.6"]}""");
        var refused = (await TryAsync(api, network, ip)).IsProblem("validation-failed", "#/spec/ip");
        Assert.Contains(because, refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_another_port_has_is_refused()
    {
        var network = await api.NetworkAsync("""{"subnet":"10.0.0.0/28","gateway":"10.0.0.1"}""");
        var first = await GiveAsync(api, network, "10.0.0.9");
        (await TryAsync(api, network, "10.0.0.9")).IsProblem("address-taken", "#/spec/ip");
        (await TryAsync(api, network, mac: Mac(first))).IsProblem("address-taken", "#/spec/mac");
    }

    [Fact]
    public async Task A_network_without_a_subnet_gives_only_MAC_addresses()
    {
        var network = await api.NetworkAsync("{}");
        var (one, two) = (await GiveAsync(api, network), await GiveAsync(api, network));
        Assert.False(one.Effective.TryGetProperty("ip", out _));
        Assert.NotEqual(Mac(one), Mac(two));
        (await TryAsync(api, network, "10.0.0.2")).IsProblem("validation-failed", "#/spec/ip");
    }

    [Fact]
    public async Task Concurrent_requests_get_distinct_addresses()
    {
        var network = await api.NetworkAsync("""{"subnet":"10.0.0.0/24","gateway":"10.0.0.1"}""");
        var id = await api.ReadAsync(db => db.Networks.Where(n => n.Name == network).Select(n => n.Id).SingleAsync());
        await GiveAtOnceAsync(253);
        Assert.Equal(253, await CountAsync(address => address.Ip));
        (await TryAsync(api, network)).IsProblem("addresses-exhausted");

        // Frees a hundred addresses at once, as if their VMs had been deleted.
        await api.ExecuteAsync(
            $"""
            UPDATE addresses SET owner_id = NULL, mac = NULL, freed_at = now() WHERE network_id = {id} AND ip <= '10.0.0.101'
            """
        );
        await GiveAtOnceAsync(100);
        Assert.Equal(253, await CountAsync(address => address.Mac));
        (await TryAsync(api, network)).IsProblem("addresses-exhausted");

        Task GiveAtOnceAsync(int count) =>
            Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (_, _) =>
                await GiveAsync(api, network)
            );

        Task<int> CountAsync<T>(System.Linq.Expressions.Expression<Func<Address, T>> of) =>
            api.ReadAsync(db => db.Addresses.Where(address => address.NetworkId == id).Select(of).Distinct().CountAsync());
    }

    private static async Task<ApiResponse> GiveAsync(TestApi api, string network, string? ip = null) =>
        (await TryAsync(api, network, ip)).Is(HttpStatusCode.Created);

    /// <summary>Creates a VM with these addresses; null to let the API choose.</summary>
    private static Task<ApiResponse> TryAsync(TestApi api, string network, string? ip = null, string? mac = null)
    {
        var addresses = (ip is null ? "" : $",\"ip\":\"{ip}\"") + (mac is null ? "" : $",\"mac\":\"{mac}\"");
        return api.PutAsync($"/v1/vms/{api.NewName("vm")}", $$$"""{"spec":{"network":"{{{network}}}"{{{addresses}}}}}""");
    }

    /// <summary>Deletes a VM, and waits until its address is free.</summary>
    private static async Task FreeAsync(TestApi api, ApiResponse vm)
    {
        var path = $"/v1/vms/{vm.Json.GetProperty("name").GetString()}";
        (await api.DeleteAsync(path)).IsSuccess();
        await Eventually.Holds("the VM is gone", async () => (await api.GetAsync(path)).Status == HttpStatusCode.NotFound);
    }

    private static int Last(ApiResponse vm) => IPAddress.Parse(vm.Effective.GetProperty("ip").GetString()!).GetAddressBytes()[3];

    private static string? Mac(ApiResponse vm) => vm.Effective.GetProperty("mac").GetString();
}
