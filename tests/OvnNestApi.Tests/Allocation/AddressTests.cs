using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Data;
using OvnNestApi.Problems;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Allocation;

/// <summary>Addresses: who gets which.</summary>
public sealed class AddressTests
{
    [Fact]
    public async Task Addresses_leave_out_network_broadcast_gateway_and_reserved_and_when_none_is_left_the_figures_are_told()
    {
        var nest = await Installation.CreateAsync();
        var network = await NetworkAsync(nest, "10.0.0.0/28", "10.0.0.1", "10.0.0.4-10.0.0.6", "10.0.0.14");
        var given = new List<Container>();
        for (var i = 0; i < 9; i++)
        {
            given.Add(await GiveAsync(nest, network));
        }

        Assert.Equal([2, 3, 7, 8, 9, 10, 11, 12, 13], given.Select(c => (int)(c.Ip!.Value.Value & 255)));
        var (problem, _) = await TryAsync(nest, network);
        Assert.Equal(
            ("addresses-exhausted", "No address of 10.0.0.0/28 of network n is free: 9 of 9 are in use."),
            (problem?.Code, problem?.Detail)
        );
    }

    [Fact]
    public async Task Never_used_addresses_come_first_and_then_the_one_freed_first()
    {
        var nest = await Installation.CreateAsync();
        var network = await NetworkAsync(nest, "10.0.0.0/29", null);
        var given = new[]
        {
            await GiveAsync(nest, network),
            await GiveAsync(nest, network),
            await GiveAsync(nest, network, "10.0.0.5"),
            await GiveAsync(nest, network),
        };
        Assert.Equal([1, 2, 5, 3], given.Select(Last));
        foreach (var i in new[] { 2, 0, 3 })
        {
            await FreeAsync(nest, given[i]);
        }

        foreach (var next in new[] { 4, 6, 5, 1, 3 })
        {
            Assert.Equal(next, Last(await GiveAsync(nest, network)));
        }

        Assert.Equal("addresses-exhausted", (await TryAsync(nest, network)).Problem?.Code);

        await FreeAsync(nest, given[1]);
        Assert.Equal(2, Last(await GiveAsync(nest, network, "10.0.0.2")));
        Assert.Equal(6, await nest.ReadAsync(db => db.Addresses.CountAsync()));
    }

    [Fact]
    public async Task What_a_network_reserves_no_more_is_given_as_never_used()
    {
        var nest = await Installation.CreateAsync();
        var network = await NetworkAsync(nest, "10.0.0.0/29", null, "10.0.0.1-10.0.0.4");
        Assert.Equal(5, Last(await GiveAsync(nest, network)));
        network.Reserved = [];
        await nest.DoAsync(db => AddressDraw.ResetAsync(db, network.Id, AddressPool.Of(network), default));
        Assert.Equal(1, Last(await GiveAsync(nest, network)));
        Assert.Equal(2, Last(await GiveAsync(nest, network)));
    }

    [Theory]
    [InlineData("10.0.0.0/20")]
    [InlineData("10.0.0.0/8")]
    public async Task What_a_draw_reads_depends_neither_on_the_size_of_the_subnet_nor_on_what_is_in_use(string subnet)
    {
        var nest = await Installation.CreateAsync();
        var network = await NetworkAsync(nest, subnet, "10.0.0.1");
        await nest.DoAsync(db =>
            db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO addresses (owner_id, network_id, mac, ip) SELECT gen_random_uuid(), {network.Id},
                    ('02:00:00:00:' || lpad(to_hex(i / 256), 2, '0') || ':' || lpad(to_hex(i % 256), 2, '0'))::macaddr,
                    inet '10.0.0.2' + i
                FROM generate_series(0, 1999) i
                """
            )
        );
        await nest.ReadAsync(db => db.Database.ExecuteSqlAsync($"ANALYZE addresses"));
        await GiveAsync(nest, network);
        Assert.InRange(await RowsReadAsync(), 0, 20);

        await nest.DoAsync(db =>
            db.Database.ExecuteSqlAsync(
                $"""
                UPDATE addresses SET owner_id = NULL, mac = NULL, freed_at = now() WHERE ip < '10.0.4.0';
                UPDATE next_addresses SET ip = {AddressPool.Of(network).Last.ToIPAddress()} + 1
                """
            )
        );
        Assert.InRange(await RowsReadAsync(), 0, 20);
        Assert.Equal(2002, await nest.ReadAsync(db => db.Addresses.CountAsync()));

        async Task<long> RowsReadAsync()
        {
            var rows = 0L;
            await nest.DoAsync(async db =>
            {
                var before = await CountAsync(db);
                Assert.NotNull(
                    await AddressDraw.GiveAnyAsync(db, Guid.NewGuid(), network.Id, MacAddress.Random(), AddressPool.Of(network), default)
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
        var nest = await Installation.CreateAsync();
        var network = await NetworkAsync(nest, "10.0.0.0/28", "10.0.0.1", "10.0.0.4-10.0.0.6");
        var (problem, _) = await TryAsync(nest, network, ip);
        Assert.Equal(("validation-failed", "#/spec/ip"), (problem?.Code, problem?.Errors[0].Pointer));
        Assert.Contains(because, problem?.Errors[0].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_somebody_has_is_refused()
    {
        var nest = await Installation.CreateAsync();
        var network = await NetworkAsync(nest, "10.0.0.0/28", "10.0.0.1");
        var first = await GiveAsync(nest, network, "10.0.0.9");
        var (sameIp, _) = await TryAsync(nest, network, "10.0.0.9");
        Assert.Equal(("address-taken", "#/spec/ip"), (sameIp?.Code, sameIp?.Errors[0].Pointer));
        var (sameMac, _) = await TryAsync(nest, network, null, first.Mac);
        Assert.Equal(("address-taken", "#/spec/mac"), (sameMac?.Code, sameMac?.Errors[0].Pointer));
    }

    [Fact]
    public async Task A_network_without_a_subnet_gives_only_mac_addresses()
    {
        var nest = await Installation.CreateAsync();
        var network = await NetworkAsync(nest, null, null);
        var (one, two) = (await GiveAsync(nest, network), await GiveAsync(nest, network));
        Assert.Null(one.Ip);
        Assert.NotEqual(one.Mac, two.Mac);
        Assert.Equal("validation-failed", (await TryAsync(nest, network, "10.0.0.2")).Problem?.Code);
    }

    [Fact]
    public async Task Addresses_asked_for_at_once_are_distinct()
    {
        var nest = await Installation.CreateAsync();
        var network = await NetworkAsync(nest, "10.0.0.0/24", "10.0.0.1");
        await Parallel.ForEachAsync(Enumerable.Range(0, 253), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (_, _) =>
            await GiveAsync(nest, network)
        );
        Assert.Equal(253, await nest.ReadAsync(db => db.Addresses.Select(a => a.Ip).Distinct().CountAsync()));
        Assert.Equal("addresses-exhausted", (await TryAsync(nest, network)).Problem?.Code);

        await nest.DoAsync(db =>
            db.Database.ExecuteSqlAsync($"UPDATE addresses SET owner_id = NULL, mac = NULL, freed_at = now() WHERE ip <= '10.0.0.101'")
        );
        await Parallel.ForEachAsync(Enumerable.Range(0, 100), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (_, _) =>
            await GiveAsync(nest, network)
        );
        Assert.Equal(253, await nest.ReadAsync(db => db.Addresses.Select(a => a.Mac).Distinct().CountAsync()));
        Assert.Equal("addresses-exhausted", (await TryAsync(nest, network)).Problem?.Code);
    }

    private static async Task<Network> NetworkAsync(Installation nest, string? subnet, string? gateway, params string[] reserved)
    {
        var network = new Network
        {
            Name = "n",
            Spec = "{}",
            SwitchName = "n",
            Subnet = Cidr.TryParse(subnet, out var cidr) ? cidr : null,
            Gateway = Ipv4.TryParse(gateway, out var ip) ? ip : null,
            Reserved = reserved,
        };
        await nest.DoAsync(db =>
        {
            db.Networks.Add(network);
            return Task.CompletedTask;
        });
        return network;
    }

    private static async Task<Container> GiveAsync(Installation nest, Network network, string? ip = null)
    {
        var (problem, port) = await TryAsync(nest, network, ip);
        Assert.Null(problem);
        return port;
    }

    private static async Task<(Problem? Problem, Container Port)> TryAsync(
        Installation nest,
        Network network,
        string? ip = null,
        MacAddress? mac = null
    )
    {
        var port = new Container
        {
            VmId = default,
            Name = "c",
            Spec = "{}",
            Tag = 0,
            NetworkId = network.Id,
            Mac = default,
            PortName = "p",
            Interface = "c",
            Namespace = "c",
        };
        return (
            await nest.TryAsync(db =>
                AddressBook.AssignAsync(
                    db,
                    port,
                    network,
                    Ipv4.TryParse(ip, out var asked) ? asked : null,
                    mac,
                    null,
                    default,
                    pointers: new("#/spec/ip", "#/spec/mac")
                )
            ),
            port
        );
    }

    private static Task FreeAsync(Installation nest, Container port) =>
        nest.DoAsync(db => db.ExecuteAsync($"WITH {AddressDraw.Free("owner_id = @owner")} SELECT", default, ("owner", port.Id)));

    private static int Last(Container port) => (int)(port.Ip!.Value.Value & 255);
}
