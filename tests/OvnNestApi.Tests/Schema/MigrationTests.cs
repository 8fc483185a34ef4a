using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Schema;
using TestServers;

namespace OvnNestApi.Tests.Schema;

/// <summary>Migrations keep the rows of a database.</summary>
public sealed class MigrationTests
{
    private const string BeforeEnumerationsAsText = "20261129134142_Idempotency";
    private const string BeforeRouterPortColumns = "20261129172427_RouterPortNames";

    [Fact]
    public async Task Enumerations_that_were_stored_as_numbers_keep_their_values()
    {
        await using var db = new NestDb(NestDbRegistration.Options(await (await PostgresServer.SharedAsync()).CreateDatabaseAsync()));
        var migrator = db.GetService<IMigrator>();
        await migrator.MigrateAsync();
        Add(db);
        await db.SaveChangesAsync();
        db.ChangeTracker.Clear();

        await migrator.MigrateAsync(BeforeEnumerationsAsText);
        Assert.Equal(["integer"], await TypesAsync(db));
        string[] numbers = ["port-0 0 0", "port-1 1 1", "port-2 2 2"];
        Assert.Equal([.. numbers, .. numbers], await NumbersAsync(db));

        await migrator.MigrateAsync();
        Assert.Equal(["text"], await TypesAsync(db));
        (string, Addressing, Workload)[] values =
        [
            ("port-0", Addressing.Dhcp, Workload.Namespace),
            ("port-1", Addressing.Static, Workload.Port),
            ("port-2", Addressing.None, Workload.None),
        ];
        Assert.Equal(values, (await db.Vms.OrderBy(vm => vm.Name).ToListAsync()).Select(vm => (vm.Name, vm.Addressing, vm.Workload)));
        Assert.Equal(values, (await db.Containers.OrderBy(c => c.Name).ToListAsync()).Select(c => (c.Name, c.Addressing, c.Workload)));
    }

    [Fact]
    public async Task Stored_networks_get_the_names_of_their_router_ports_and_equal_names_a_suffix()
    {
        await using var db = new NestDb(NestDbRegistration.Options(await (await PostgresServer.SharedAsync()).CreateDatabaseAsync()));
        var migrator = db.GetService<IMigrator>();
        await migrator.MigrateAsync();
        foreach (var (router, network) in new[] { ("a-b", "c"), ("a", "b-c"), ("x", "x") })
        {
            Router stored = new() { Name = router, Spec = "{}" };
            db.Routers.Add(stored);
            await db.SaveChangesAsync(); // the order of creation
            db.Networks.Add(
                new()
                {
                    Name = network,
                    Spec = "{}",
                    SwitchName = network,
                    RouterId = stored.Id,
                }
            );
            await db.SaveChangesAsync();
        }

        db.ChangeTracker.Clear();
        await migrator.MigrateAsync(BeforeRouterPortColumns);
        await migrator.MigrateAsync();

        var names = (await db.Networks.OrderBy(network => network.Name).ToListAsync()).ConvertAll(network =>
            (network.SwitchRouterPortName ?? "", network.RouterPortName ?? "")
        );
        Assert.Equal(["b-c-a", "c-a-b", "x-x"], names.ConvertAll(name => name.Item1));
        Assert.Single(names, name => name.Item2 == "a-b-c");
        Assert.Single(names, name => name.Item2.StartsWith("a-b-c-", StringComparison.Ordinal));
        Assert.Matches("^x-x-[0-9a-f]{6}$", names[2].Item2);
        Assert.Equal(
            names.Select(name => name.Item2).Order(),
            await db.QueryAsync("SELECT name FROM claimed_names WHERE scope = 'Port' ORDER BY name", row => row.GetString(0), default)
        );
    }

    [Fact]
    public async Task No_enumeration_is_stored_as_a_number()
    {
        await using var db = new NestDb(NestDbRegistration.Options(""));
        var enumerations = db
            .Model.GetEntityTypes()
            .SelectMany(type => type.GetProperties())
            .Where(property => (Nullable.GetUnderlyingType(property.ClrType) ?? property.ClrType).IsEnum)
            .ToList();
        Assert.NotEmpty(enumerations);
        Assert.All(enumerations, property => Assert.Equal("text", property.GetColumnType()));
    }

    /// <summary>Adds a VM and a container for each value.</summary>
    private static void Add(NestDb db)
    {
        var network = new Network
        {
            Name = "n",
            Spec = "{}",
            SwitchName = "n",
        };
        db.Networks.Add(network);
        for (var value = 0; value < 3; value++)
        {
            var vm = new Vm
            {
                Name = $"port-{value}",
                Spec = "{}",
                NetworkId = network.Id,
                Mac = Mac($"02:00:00:00:00:0{value}"),
                PortName = $"vm-{value}",
                Interface = $"vm-{value}",
                Namespace = $"vm-{value}",
                Bridge = $"br-{value}",
                Addressing = (Addressing)value,
                Workload = (Workload)value,
            };
            db.Vms.Add(vm);
            db.Containers.Add(
                new()
                {
                    Name = vm.Name,
                    Spec = "{}",
                    VmId = vm.Id,
                    Tag = 7,
                    NetworkId = network.Id,
                    Mac = Mac($"02:00:00:00:01:0{value}"),
                    PortName = $"c-{value}",
                    Interface = $"c-{value}",
                    Namespace = $"c-{value}",
                    Addressing = vm.Addressing,
                    Workload = vm.Workload,
                }
            );
        }
    }

    private static MacAddress Mac(string text) => MacAddress.TryParse(text, out var mac) ? mac : throw new FormatException(text);

    private static Task<List<string>> TypesAsync(NestDb db) =>
        db.QueryAsync(
            """
            SELECT DISTINCT data_type FROM information_schema.columns
            WHERE table_name IN ('vms', 'containers') AND column_name IN ('addressing', 'workload') AND is_nullable = 'NO'
            """,
            row => row.GetString(0),
            default
        );

    private static Task<List<string>> NumbersAsync(NestDb db) =>
        db.QueryAsync(
            """
            SELECT name || ' ' || addressing || ' ' || workload FROM (
                SELECT 'vm' AS kind, name, addressing, workload FROM vms
                UNION ALL SELECT 'container', name, addressing, workload FROM containers) ports
            ORDER BY kind, name
            """,
            row => row.GetString(0),
            default
        );
}
