using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using OvnNestApi.Allocation;
using OvnNestApi.Data;
using OvnNestApi.Placements;
using OvnNestApi.Problems;
using OvnNestApi.Schema;
using TestServers;

namespace OvnNestApi.Tests.Harness;

/// <summary>A migrated database of a test's own, and short words for what clients, the reconciler and hosts do to it.</summary>
internal sealed class Installation : IDbContextFactory<NestDb>
{
    private static readonly Lazy<Task<string>> Template = new(MigrateAsync);

    private Installation(string database) => Database = database;

    public string Database { get; }

    public LeaseOptions Leasing { get; } = new() { Cooldown = TimeSpan.Zero };

    public Transactions Transactions { get; } = new(Options.Create(new TransactionOptions()), TimeProvider.System, Random.Shared);

    public Settlement Settlement => new(Options.Create(Leasing));

    public static async Task<Installation> CreateAsync() =>
        new(await (await PostgresServer.SharedAsync()).CreateDatabaseFromAsync(await Template.Value));

    public NestDb Open() => new(NestDbRegistration.Options(Database));

    public NestDb CreateDbContext() => Open();

    public async Task<T> ReadAsync<T>(Func<NestDb, Task<T>> read)
    {
        await using var db = Open();
        return await read(db);
    }

    /// <summary>One transaction.</summary>
    public async Task<Problem?> TryAsync(Func<NestDb, Task<Problem?>> write)
    {
        await using var db = Open();
        return await Transactions.RunAsync(db, _ => write(db), default);
    }

    public async Task DoAsync(Func<NestDb, Task> write) =>
        Assert.Null(
            await TryAsync(async db =>
            {
                await write(db);
                return null;
            })
        );

    public async Task<Network> NetworkAsync(string name = "dmz", string subnet = "172.16.255.128/26", string gateway = "172.16.255.129")
    {
        Assert.True(Cidr.TryParse(subnet, out var cidr) && Ipv4.TryParse(gateway, out _));
        var network = new Network
        {
            Name = name,
            Spec = "{}",
            SwitchName = name,
            Subnet = cidr,
            Gateway = Ipv4.TryParse(gateway, out var ip) ? ip : null,
            DhcpEnabled = true,
        };
        await DoAsync(db =>
        {
            db.Networks.Add(network);
            return Task.CompletedTask;
        });
        return network;
    }

    public async Task<Host> HostAsync(string name = "ubuntu2")
    {
        var host = new Host { Name = name, Spec = "{}" };
        await DoAsync(db =>
        {
            db.Hosts.Add(host);
            return Task.CompletedTask;
        });
        return host;
    }

    public async Task<Vm> VmAsync(string name, Network network, Host? host, string ranges = "2-4094")
    {
        var vm = new Vm
        {
            Name = name,
            Spec = "{}",
            NetworkId = network.Id,
            Mac = default,
            PortName = $"{network.Name}-{name}",
            Bridge = $"br-{name}",
            Interface = name,
            Namespace = name,
            HostId = host?.Id,
            VlanRanges = ranges,
        };
        Assert.Null(
            await TryAsync(async db =>
            {
                var predecessor = await db
                    .Vms.AsNoTracking()
                    .OrderByDescending(v => v.Id)
                    .FirstOrDefaultAsync(v => v.Name == name && v.DeletingSince != null);
                if (await AddressBook.AssignAsync(db, vm, network, null, null, predecessor, default) is { } problem)
                {
                    return problem;
                }

                vm.DirtySeq = await db.NextDirtySeqAsync(default);
                db.Vms.Add(vm);
                await PlacementWriter.RefreshAsync(db, vm.Id, default);
                return null;
            })
        );
        return vm;
    }

    public async Task<Problem?> TryContainerAsync(Vm vm, string name, int? tag = null, string? owner = null, Guid? id = null) =>
        await TryAsync(async db =>
        {
            await LockAsync(db, vm.Id);
            var network = await db.Networks.SingleAsync(n => n.Id == vm.NetworkId);
            var container = new Container
            {
                Id = id ?? Guid.CreateVersion7(),
                VmId = vm.Id,
                Name = name,
                Spec = "{}",
                Tag = 0,
                NetworkId = vm.NetworkId,
                Mac = default,
                PortName = $"{vm.PortName}-{name}",
                Interface = name,
                Namespace = name,
            };
            var predecessor = await db
                .Containers.AsNoTracking()
                .OrderByDescending(c => c.Id)
                .FirstOrDefaultAsync(c => c.VmId == vm.Id && c.Name == name && c.DeletingSince != null);
            if (
                await Leases.BindAsync(db, vm, container, tag, owner, mayKeep: true, default, new("#/spec/vlan", "#/spec/lease")) is
                { } problem
            )
            {
                return problem;
            }

            if (await AddressBook.AssignAsync(db, container, network, null, null, predecessor, default) is { } other)
            {
                return other;
            }

            container.DirtySeq = await db.NextDirtySeqAsync(default);
            db.Containers.Add(container);
            await PlacementWriter.RefreshAsync(db, vm.Id, [container.Id], default);
            return null;
        });

    public async Task<Container> ContainerAsync(Vm vm, string name, int? tag = null, string? owner = null)
    {
        var id = Guid.CreateVersion7();
        Assert.Null(await TryContainerAsync(vm, name, tag, owner, id));
        return await ReadAsync(db => db.Containers.SingleAsync(c => c.Id == id));
    }

    public async Task<Problem?> TryRetagAsync(Vm vm, Container container, int? tag) =>
        await TryAsync(async db =>
        {
            await LockAsync(db, vm.Id);
            var stored = await db.Containers.SingleAsync(c => c.Id == container.Id);
            if (await Leases.BindAsync(db, vm, stored, tag, null, mayKeep: true, default) is { } problem)
            {
                return problem;
            }

            stored.DirtySeq = await db.NextDirtySeqAsync(default);
            await PlacementWriter.RefreshAsync(db, vm.Id, [container.Id], default);
            return null;
        });

    public Task DeleteAsync(Container container) =>
        DoAsync(async db =>
        {
            await LockAsync(db, container.VmId);
            await db.Database.ExecuteSqlAsync(
                $"UPDATE containers SET deleting_since = now(), dirty_seq = nextval('dirty_seq') WHERE id = {container.Id}"
            );
            await Leases.ReleaseAsync(db, container, default);
            await PlacementWriter.RefreshAsync(db, container.VmId, [container.Id], default);
        });

    public Task DeleteAsync(Vm vm) =>
        DoAsync(async db =>
        {
            await LockAsync(db, vm.Id);
            var containers = await db.Containers.Where(c => c.VmId == vm.Id).Select(c => c.Id).ToListAsync();
            await db.Database.ExecuteSqlAsync(
                $"""
                UPDATE vms SET deleting_since = now(), dirty_seq = nextval('dirty_seq') WHERE id = {vm.Id};
                UPDATE containers SET deleting_since = now(), dirty_seq = nextval('dirty_seq') WHERE vm_id = {vm.Id}
                    AND deleting_since IS NULL
                """
            );
            await Leases.ReleaseAsync(db, containers, default);
            await PlacementWriter.RefreshAsync(db, vm.Id, default);
        });

    public Task MoveAsync(Vm vm, Host host) =>
        DoAsync(async db =>
        {
            await LockAsync(db, vm.Id);
            await db.Database.ExecuteSqlAsync($"UPDATE vms SET host_id = {host.Id} WHERE id = {vm.Id}");
            await db.MarkVmAsync(vm.Id, default);
            await PlacementWriter.RefreshAsync(db, vm.Id, default);
        });

    /// <summary>
    /// Records the result of a reconciler pass: every wanted port is in the northbound database and up, released tags left it at
    /// <paramref name="nbCfg"/>.
    /// </summary>
    public Task NorthboundPassAsync(long nbCfg) =>
        DoAsync(async db =>
        {
            await db.Database.ExecuteSqlAsync(
                $"""
                UPDATE networks SET in_northbound = deleting_since IS NULL, reconciled_seq = dirty_seq;
                UPDATE vms v SET in_northbound = deleting_since IS NULL AND NOT EXISTS (SELECT FROM vms p WHERE p.name = v.name
                    AND p.id <> v.id AND p.deleting_since IS NOT NULL), reconciled_seq = dirty_seq;
                UPDATE containers c SET reconciled_seq = dirty_seq, observed_tag = tag,
                    in_northbound = deleting_since IS NULL AND EXISTS (SELECT FROM vlan_leases l WHERE l.vm_id = c.vm_id
                        AND l.tag = c.tag AND l.container_id = c.id AND l.state = 'Bound')
                        AND NOT EXISTS (SELECT FROM containers p WHERE p.vm_id = c.vm_id AND p.name = c.name AND p.id <> c.id);
                UPDATE vms SET up = in_northbound;
                UPDATE containers SET up = in_northbound;
                UPDATE vlan_leases SET drain_nb_cfg = {nbCfg} WHERE state = 'Draining' AND drain_nb_cfg IS NULL;
                UPDATE leader SET hv_cfg = {nbCfg}, heartbeat = now(), northbound_seen_at = now(), resynced_at = now(),
                    mode_in_force = 'Repair';
                """
            );
            await Settlement.SettleAsync(db, await db.Vms.Select(v => v.Id).ToListAsync(), default);
        });

    /// <summary>Row counts of all tables except networks and hosts.</summary>
    public Task<string> CountsAsync() =>
        ReadAsync(async db =>
            $"{await db.Vms.CountAsync()} VMs, {await db.Containers.CountAsync()} containers, "
            + $"{await db.VlanLeases.CountAsync()} leases, {await db.LeaseHolds.CountAsync()} holds, "
            + $"{await db.Addresses.CountAsync(a => a.FreedAt == null)} addresses, "
            + $"{await db.ClaimedNames.CountAsync()} names, {await db.Placements.CountAsync()} placements"
        );

    public Task<VlanLease?> LeaseAsync(Vm vm, int tag) =>
        ReadAsync(db => db.VlanLeases.SingleOrDefaultAsync(l => l.VmId == vm.Id && l.Tag == tag));

    public static Task LockAsync(NestDb db, Guid vm) =>
        db.Database.ExecuteSqlAsync($"SELECT id FROM vms WHERE id = {vm} FOR NO KEY UPDATE");

    private static async Task<string> MigrateAsync()
    {
        var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        await using var db = new NestDb(NestDbRegistration.Options(database));
        await db.Database.MigrateAsync();
        return database;
    }
}
