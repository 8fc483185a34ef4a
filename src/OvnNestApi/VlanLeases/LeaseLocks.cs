using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.VlanLeases;

/// <summary>Locks that a request for leases takes: the VM first, then its leases.</summary>
internal static class LeaseLocks
{
    /// <summary>
    /// Returns the VM's leases of the tag or of the owners, locked, in the order of their tags. Leases whose time is over are removed first.
    /// </summary>
    public static async Task<List<VlanLease>> LeasesAsync(
        NestDb db,
        Guid vm,
        int? tag,
        string[] owners,
        CancellationToken cancellationToken
    )
    {
        var leases = db
            .VlanLeases.FromSql(
                $"SELECT * FROM vlan_leases WHERE vm_id = {vm} AND (tag = {tag} OR owner = ANY({owners})) ORDER BY tag FOR NO KEY UPDATE"
            )
            .AsNoTracking();
        var found = await leases.ToListAsync(cancellationToken);
        if (!found.Exists(lease => lease.ExpiresAt is not null || lease.CoolUntil is not null))
        {
            return found;
        }

        await Expiry.SweepVmAsync(db, vm, cancellationToken);
        return await leases.ToListAsync(cancellationToken);
    }

    /// <summary>Returns the VM, locked; 404 <c>not-found</c>, or 409 <c>being-deleted</c> unless <paramref name="evenDeleting"/>.</summary>
    public static async Task<Answer<Vm>> VmAsync(NestDb db, string name, CancellationToken cancellationToken, bool evenDeleting = false)
    {
        var vms = ResourceName.IsValid(name)
            ? await db
                .Vms.FromSql(
                    $"SELECT * FROM vms WHERE name = {name} ORDER BY deleting_since IS NOT NULL, created_at DESC FOR NO KEY UPDATE"
                )
                .AsNoTracking()
                .ToListAsync(cancellationToken)
            : [];
        return vms switch
        {
            [] => Problem.NotFound("vm", name),
            [{ DeletingSince: not null }, ..] when !evenDeleting => Problem.BeingDeleted($"The VM {name} is being deleted."),
            [var vm, ..] => vm,
        };
    }
}
