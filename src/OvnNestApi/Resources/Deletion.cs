using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Placements;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>
/// Requests the deletion of one resource and, with <paramref name="cascade"/>, of everything that depends on it. The rows are removed
/// later, when the northbound database and the hosts have confirmed the removal.
/// </summary>
/// <remarks>Runs in a transaction, possibly several times. Each run sets the properties again.</remarks>
/// <param name="cascade">True to delete dependent resources too; false to reject the deletion if there are any.</param>
/// <param name="force">True to skip the confirmations of hosts. Only an admin can request it.</param>
internal sealed class Deletion(NestDb db, Settlement settlement, Conditional condition, bool cascade, bool force)
{
    private const int MaxNamedDependents = 10;

    /// <summary>The resource to delete; null if it does not exist.</summary>
    public Resource? Target { get; private set; }

    /// <summary>True if the run has changed something.</summary>
    public bool HasChanged { get; private set; }

    public async Task<Problem?> OfRouterAsync(string name, CancellationToken cancellationToken)
    {
        var router = Current(
            await db
                .Routers.FromSql($"SELECT * FROM routers WHERE name = {name} ORDER BY created_at DESC FOR UPDATE")
                .ToListAsync(cancellationToken)
        );
        return router is null
            ? Problem.NotFound("router", name)
            : await DeleteAsync(new() { Routers = [router] }, router, cancellationToken);
    }

    public async Task<Problem?> OfNetworkAsync(string name, CancellationToken cancellationToken)
    {
        var network = Current(
            await db
                .Networks.FromSql($"SELECT * FROM networks WHERE name = {name} ORDER BY created_at DESC FOR UPDATE")
                .ToListAsync(cancellationToken)
        );
        return network is null
            ? Problem.NotFound("network", name)
            : await DeleteAsync(new() { Networks = [network] }, network, cancellationToken);
    }

    public async Task<Problem?> OfHostAsync(string name, CancellationToken cancellationToken)
    {
        var host = Current(
            await db
                .Hosts.FromSql($"SELECT * FROM hosts WHERE name = {name} ORDER BY created_at DESC FOR UPDATE")
                .ToListAsync(cancellationToken)
        );
        if (host is null)
        {
            return Problem.NotFound("host", name);
        }

        if (host.DeletingSince is null && !cascade && !force && await HasUnconfirmedRemovalsAsync(host.Id, cancellationToken))
        {
            return Problem.InUse(
                $"The host {name} has not confirmed all removals yet. Try again later, or send ?cascade=true or ?force=true."
            ) with
            {
                Retryable = true,
                RetryAfter = TimeSpan.FromSeconds(5),
            };
        }

        return await DeleteAsync(new() { Hosts = [host] }, host, cancellationToken);
    }

    public async Task<Problem?> OfVmAsync(string name, CancellationToken cancellationToken)
    {
        var vm = Current(await LockVmsAsync(name, cancellationToken));
        return vm is null ? Problem.NotFound("VM", name) : await DeleteAsync(new() { Vms = [vm] }, vm, cancellationToken);
    }

    public async Task<Problem?> OfContainerAsync(string vmName, string name, CancellationToken cancellationToken)
    {
        var vms = await LockVmsAsync(vmName, cancellationToken);
        if (vms.Count == 0)
        {
            return Problem.NotFound("VM", vmName);
        }

        var ids = vms.Select(vm => vm.Id).ToArray();
        var container = Current(
            await db
                .Containers.FromSql(
                    $"SELECT * FROM containers WHERE vm_id = ANY({ids}) AND name = {name} ORDER BY created_at DESC FOR NO KEY UPDATE"
                )
                .ToListAsync(cancellationToken)
        );
        return container is null
            ? Problem.NotFound("container", name)
            : await DeleteAsync(
                new() { Containers = [container], VmNames = vms.ToDictionary(vm => vm.Id, vm => vm.Name) },
                container,
                cancellationToken
            );
    }

    private async Task<Problem?> DeleteAsync(DeletionSet set, Resource target, CancellationToken cancellationToken)
    {
        (Target, HasChanged) = (target, false);
        if (condition.Check(target) is { } failed)
        {
            return failed;
        }

        if (target.DeletingSince is null)
        {
            await set.AddDependentsAsync(db, cancellationToken);
            var dependents = set.All.Where(entry => entry.Resource != target).ToList();
            if (dependents.Count > 0 && !cascade)
            {
                return InUse(dependents);
            }

            await MarkAsync(set, cancellationToken);
            await ReleaseAsync(set, cancellationToken);
            HasChanged = true;
        }

        if (force)
        {
            await ForceAsync(set, target, cancellationToken);
            HasChanged = true;
        }

        return null;
    }

    /// <summary>Marks all resources of the set as being deleted and dirty, and the routers of their networks as dirty.</summary>
    private async Task MarkAsync(DeletionSet set, CancellationToken cancellationToken)
    {
        var now = await db.Database.SqlQuery<DateTimeOffset>($"""SELECT now() AS "Value" """).SingleAsync(cancellationToken);
        var dirtySeq = await db.NextDirtySeqAsync(cancellationToken);
        foreach (var (kind, vm, resource) in set.All)
        {
            ChangeLog.Add(db, kind, vm, resource.Name, resource.Id, "deleting", ResourceDocument.Of(resource), null);
            (resource.DeletingSince, resource.UpdatedAt, resource.DirtySeq) = (now, now, dirtySeq);
            (resource.Reason, resource.Since) = (Reason.Deleting, now);
            resource.Message = "The northbound database and the hosts have not confirmed the removal yet.";
        }

        await db.SaveChangesAsync(cancellationToken);
        if (set.Networks.Count > 0)
        {
            var routers = set.Networks.Select(network => network.RouterId).OfType<Guid>().ToArray();
            await db.Database.ExecuteSqlAsync(
                $"UPDATE routers SET dirty_seq = nextval('dirty_seq') WHERE id = ANY({routers})",
                cancellationToken
            );
        }
    }

    /// <summary>Releases the tags of the containers and updates the work of the hosts.</summary>
    private async Task ReleaseAsync(DeletionSet set, CancellationToken cancellationToken)
    {
        if (set.Containers.Count > 0)
        {
            await Leases.ReleaseAsync(db, set.Containers.Select(container => container.Id).ToList(), cancellationToken);
        }

        var vms = set.Vms.Select(vm => vm.Id).ToHashSet();
        foreach (var vm in vms.Order())
        {
            await PlacementWriter.RefreshAsync(db, vm, cancellationToken);
        }

        // Containers of VMs that stay.
        var others = set.Containers.Where(container => !vms.Contains(container.VmId)).GroupBy(container => container.VmId);
        foreach (var group in others.OrderBy(group => group.Key))
        {
            await PlacementWriter.RefreshAsync(db, group.Key, group.Select(container => container.Id).ToList(), cancellationToken);
        }
    }

    private async Task ForceAsync(DeletionSet set, Resource target, CancellationToken cancellationToken)
    {
        var (kind, vm, _) = set.All.First(entry => entry.Resource == target);
        ChangeLog.Add(db, kind, vm, target.Name, target.Id, "forced", ResourceDocument.Of(target), null);
        await (
            target is Host
                ? settlement.ForceHostAsync(db, target.Id, cancellationToken)
                : settlement.ForceObjectAsync(db, target.Id, cancellationToken)
        );
    }

    private async Task<bool> HasUnconfirmedRemovalsAsync(Guid host, CancellationToken cancellationToken) =>
        await db.Placements.AnyAsync(placement => placement.HostId == host && !placement.Wanted, cancellationToken)
        || await db.LeaseHolds.AnyAsync(hold => hold.HostId == host && hold.AfterRevision != null, cancellationToken);

    private Task<List<Vm>> LockVmsAsync(string name, CancellationToken cancellationToken) =>
        db.Vms.FromSql($"SELECT * FROM vms WHERE name = {name} ORDER BY created_at DESC FOR NO KEY UPDATE").ToListAsync(cancellationToken);

    /// <summary>Returns the incarnation that is not being deleted, else the newest one.</summary>
    private static T? Current<T>(List<T> incarnations)
        where T : Resource => incarnations.Find(one => one.DeletingSince is null) ?? incarnations.FirstOrDefault();

    private static Problem InUse(List<(string Kind, string? Vm, Resource Resource)> dependents)
    {
        var names = dependents
            .Take(MaxNamedDependents)
            .Select(entry =>
                entry.Vm is null ? $"{Noun(entry.Kind)} {entry.Resource.Name}" : $"{entry.Kind} {entry.Vm}/{entry.Resource.Name}"
            );
        var more = dependents.Count > MaxNamedDependents ? $" and {dependents.Count - MaxNamedDependents} more" : "";
        return Problem.InUse($"In use by {string.Join(", ", names)}{more}. Delete them first, or send ?cascade=true.");
    }

    private static string Noun(string kind) => kind == "vm" ? "VM" : kind;
}
