using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Placements;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>
/// Marks an object, and with <paramref name="cascade"/> all that depends on it, as on its way out. It goes when the NB and the hosts have
/// confirmed.
/// Runs within a transaction, possibly several times.
/// </summary>
/// <param name="cascade">Dependents go along; otherwise they are a conflict.</param>
/// <param name="force">An administrator's word that no silent host is waited for.</param>
internal sealed class Deletion(NestDb db, Settlement settlement, Conditional condition, bool cascade, bool force)
{
    private const int MostNamed = 10;
    private DateTimeOffset _now;

    /// <summary>The object; null when there is none.</summary>
    public Resource? Target { get; private set; }

    /// <summary>The run changed something.</summary>
    public bool HasChanged { get; private set; }

    public async Task<Problem?> OfRouterAsync(string name, CancellationToken cancellationToken)
    {
        var router = Pick(
            await db
                .Routers.FromSql($"SELECT * FROM routers WHERE name = {name} ORDER BY created_at DESC FOR UPDATE")
                .ToListAsync(cancellationToken)
        );
        return router is null ? Problem.NotFound("router", name) : await GoAsync(new() { Routers = [router] }, router, cancellationToken);
    }

    public async Task<Problem?> OfNetworkAsync(string name, CancellationToken cancellationToken)
    {
        var network = Pick(
            await db
                .Networks.FromSql($"SELECT * FROM networks WHERE name = {name} ORDER BY created_at DESC FOR UPDATE")
                .ToListAsync(cancellationToken)
        );
        return network is null
            ? Problem.NotFound("network", name)
            : await GoAsync(new() { Networks = [network] }, network, cancellationToken);
    }

    public async Task<Problem?> OfHostAsync(string name, CancellationToken cancellationToken)
    {
        var host = Pick(
            await db
                .Hosts.FromSql($"SELECT * FROM hosts WHERE name = {name} ORDER BY created_at DESC FOR UPDATE")
                .ToListAsync(cancellationToken)
        );
        if (host is null)
        {
            return Problem.NotFound("host", name);
        }

        if (
            host.DeletingSince is null
            && !cascade
            && !force
            && (
                await db.Placements.AnyAsync(p => p.HostId == host.Id && !p.Wanted, cancellationToken)
                || await db.LeaseHolds.AnyAsync(o => o.HostId == host.Id && o.AfterRevision != null, cancellationToken)
            )
        )
        {
            return Problem.InUse($"The host {name} has not confirmed yet that everything it had is gone.") with
            {
                Retryable = true,
                RetryAfter = TimeSpan.FromSeconds(5),
            };
        }

        return await GoAsync(new() { Hosts = [host] }, host, cancellationToken);
    }

    public async Task<Problem?> OfVmAsync(string name, CancellationToken cancellationToken)
    {
        var vm = Pick(
            await db
                .Vms.FromSql($"SELECT * FROM vms WHERE name = {name} ORDER BY created_at DESC FOR NO KEY UPDATE")
                .ToListAsync(cancellationToken)
        );
        return vm is null ? Problem.NotFound("vm", name) : await GoAsync(new() { Vms = [vm] }, vm, cancellationToken);
    }

    public async Task<Problem?> OfContainerAsync(string vmName, string name, CancellationToken cancellationToken)
    {
        var vms = await db
            .Vms.FromSql($"SELECT * FROM vms WHERE name = {vmName} ORDER BY created_at DESC FOR NO KEY UPDATE")
            .ToListAsync(cancellationToken);
        if (vms.Count == 0)
        {
            return Problem.NotFound("vm", vmName);
        }

        var ids = vms.Select(vm => vm.Id).ToArray();
        var container = Pick(
            await db
                .Containers.FromSql(
                    $"SELECT * FROM containers WHERE vm_id = ANY({ids}) AND name = {name} ORDER BY created_at DESC FOR NO KEY UPDATE"
                )
                .ToListAsync(cancellationToken)
        );
        return container is null
            ? Problem.NotFound("container", name)
            : await GoAsync(
                new() { Containers = [container], NamesOfVms = vms.ToDictionary(vm => vm.Id, vm => vm.Name) },
                container,
                cancellationToken
            );
    }

    private static T? Pick<T>(List<T> incarnations)
        where T : Resource => incarnations.Find(one => one.DeletingSince is null) ?? incarnations.FirstOrDefault();

    private async Task<Problem?> GoAsync(DeletionSet going, Resource target, CancellationToken cancellationToken)
    {
        (Target, HasChanged) = (target, false);
        if (condition.Check(target) is { } failed)
        {
            return failed;
        }

        if (target.DeletingSince is null)
        {
            await ExpandAsync(going, cancellationToken);
            var dependents = going.All.Where(one => one.Object != target).ToList();
            if (dependents.Count > 0 && !cascade)
            {
                return InUse(dependents);
            }

            await MarkAsync(going, cancellationToken);
            HasChanged = true;
        }

        if (force)
        {
            var (kind, vm, _) = going.All.First(one => one.Object == target);
            ChangeLog.Add(db, kind, vm, target.Name, target.Id, "forced", ResourceDocument.Of(target), null);
            await (
                target is Host
                    ? settlement.ForceHostAsync(db, target.Id, cancellationToken)
                    : settlement.ForceObjectAsync(db, target.Id, cancellationToken)
            );
            HasChanged = true;
        }

        return null;
    }

    /// <summary>All living dependents, each locked, in the order of all writers: networks, VMs, containers.</summary>
    private async Task ExpandAsync(DeletionSet going, CancellationToken cancellationToken)
    {
        foreach (var router in going.Routers)
        {
            going.Networks.AddRange(
                await db
                    .Networks.FromSql(
                        $"SELECT * FROM networks WHERE router_id = {router.Id} AND deleting_since IS NULL ORDER BY id FOR UPDATE"
                    )
                    .ToListAsync(cancellationToken)
            );
        }

        var networks = going.Networks.Select(network => network.Id).ToArray();
        var hosts = going.Hosts.Select(host => host.Id).ToArray();
        if (networks.Length + hosts.Length > 0)
        {
            // The VMs that go, and those that lose a container: both are locked.
            var vms = await db
                .Vms.FromSql(
                    $"""
                    SELECT * FROM vms WHERE deleting_since IS NULL AND (network_id = ANY({networks}) OR host_id = ANY({hosts})
                        OR id IN (SELECT vm_id FROM containers WHERE network_id = ANY({networks}) AND deleting_since IS NULL))
                    ORDER BY id FOR NO KEY UPDATE
                    """
                )
                .ToListAsync(cancellationToken);
            going.Vms.AddRange(vms.Where(vm => networks.Contains(vm.NetworkId) || (vm.HostId is { } host && hosts.Contains(host))));
            going.NamesOfVms = vms.ToDictionary(vm => vm.Id, vm => vm.Name);
        }

        var ids = going.Vms.Select(vm => vm.Id).ToArray();
        if (ids.Length + networks.Length > 0)
        {
            going.Containers.AddRange(
                await db
                    .Containers.FromSql(
                        $"SELECT * FROM containers WHERE deleting_since IS NULL AND (vm_id = ANY({ids}) OR network_id = ANY({networks})) ORDER BY id FOR NO KEY UPDATE"
                    )
                    .ToListAsync(cancellationToken)
            );
        }

        foreach (var vm in going.Vms)
        {
            going.NamesOfVms[vm.Id] = vm.Name;
        }
    }

    private async Task MarkAsync(DeletionSet going, CancellationToken cancellationToken)
    {
        _now = await db.Database.SqlQuery<DateTimeOffset>($"""SELECT now() AS "Value" """).SingleAsync(cancellationToken);
        var seq = await db.NextDirtySeqAsync(cancellationToken);
        foreach (var (kind, vm, one) in going.All)
        {
            ChangeLog.Add(db, kind, vm, one.Name, one.Id, "deleting", ResourceDocument.Of(one), null);
            (one.DeletingSince, one.UpdatedAt, one.DirtySeq) = (_now, _now, seq);
            (one.Reason, one.Message, one.Since) = (
                Reason.Deleting,
                "It goes when the northbound database and the hosts have confirmed.",
                _now
            );
        }

        await db.SaveChangesAsync(cancellationToken);
        if (going.Networks.Count > 0)
        {
            var routers = going.Networks.Select(network => network.RouterId).OfType<Guid>().ToArray();
            await db.Database.ExecuteSqlAsync(
                $"UPDATE routers SET dirty_seq = nextval('dirty_seq') WHERE id = ANY({routers})",
                cancellationToken
            );
        }

        if (going.Containers.Count > 0)
        {
            await Leases.ReleaseAsync(db, going.Containers.Select(container => container.Id).ToList(), cancellationToken);
        }

        foreach (var vm in going.Vms.Select(vm => vm.Id).Order())
        {
            await PlacementWriter.RefreshAsync(db, vm, cancellationToken);
        }

        foreach (
            var group in going
                .Containers.Where(c => !going.Vms.Exists(vm => vm.Id == c.VmId))
                .GroupBy(c => c.VmId)
                .OrderBy(group => group.Key)
        )
        {
            await PlacementWriter.RefreshAsync(db, group.Key, group.Select(container => container.Id).ToList(), cancellationToken);
        }
    }

    private static Problem InUse(List<(string Kind, string? Vm, Resource Object)> dependents)
    {
        var named = string.Join(
            ", ",
            dependents.Take(MostNamed).Select(one => $"{one.Kind} {(one.Vm is null ? "" : one.Vm + "/")}{one.Object.Name}")
        );
        return Problem.InUse(
            $"In use by {named}{(dependents.Count > MostNamed ? $" and {dependents.Count - MostNamed} more" : "")}. Delete them first, or send ?cascade=true."
        );
    }

    /// <summary>What goes together.</summary>
    private sealed record DeletionSet
    {
        public List<Router> Routers { get; init; } = [];

        public List<Network> Networks { get; init; } = [];

        public List<Host> Hosts { get; init; } = [];

        public List<Vm> Vms { get; init; } = [];

        public List<Container> Containers { get; init; } = [];

        public Dictionary<Guid, string> NamesOfVms { get; set; } = [];

        public IEnumerable<(string Kind, string? Vm, Resource Object)> All =>
            [
                .. Routers.Select(one => ("router", (string?)null, (Resource)one)),
                .. Networks.Select(one => ("network", (string?)null, (Resource)one)),
                .. Hosts.Select(one => ("host", (string?)null, (Resource)one)),
                .. Vms.Select(one => ("vm", (string?)null, (Resource)one)),
                .. Containers.Select(one => ("container", NamesOfVms.GetValueOrDefault(one.VmId), (Resource)one)),
            ];
    }
}
