using NpgsqlTypes;
using OvnNestApi.Allocation;
using OvnNestApi.Data;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.VlanLeases;

/// <summary>Row locks of a request for leases: first the VM, then its leases.</summary>
internal static class LeaseLocks
{
    /// <summary>
    /// Locks the VM's leases of the tag or of the owners and returns them, ordered by tag. Leases whose time is over are removed first.
    /// </summary>
    public static async Task<List<VlanLease>> LeasesAsync(
        NestDb db,
        Guid vm,
        int? tag,
        string[] owners,
        CancellationToken cancellationToken
    )
    {
        var found = await ReadAsync();
        if (!found.Exists(lease => lease.ExpiresAt is not null || lease.CoolUntil is not null))
        {
            return found;
        }

        await Expiry.SweepVmsAsync(db, [vm], cancellationToken);
        return await ReadAsync();

        Task<List<VlanLease>> ReadAsync() =>
            db.SelectAsync<VlanLease>(
                "WHERE vm_id = @vm AND (tag = @tag OR owner = ANY(@owners)) ORDER BY tag FOR NO KEY UPDATE",
                cancellationToken,
                ("vm", vm),
                ("tag", Sql.Typed(NpgsqlDbType.Integer, tag)),
                ("owners", owners)
            );
    }

    /// <summary>Locks and returns the VM.</summary>
    /// <param name="evenDeleting">True to also return a VM that is being deleted.</param>
    /// <returns>The VM, or 404 <c>not-found</c> or 409 <c>being-deleted</c>.</returns>
    public static async Task<Answer<Vm>> VmAsync(NestDb db, string name, bool evenDeleting, CancellationToken cancellationToken)
    {
        var vms = ResourceName.IsValid(name)
            ? await db.SelectAsync<Vm>(
                "WHERE name = @name ORDER BY deleting_since IS NOT NULL, created_at DESC FOR NO KEY UPDATE",
                cancellationToken,
                ("name", name)
            )
            : [];
        return vms switch
        {
            [] => Problem.NotFound("VM", name),
            [{ DeletingSince: not null }, ..] when !evenDeleting => Problem.BeingDeleted($"The VM {name} is being deleted."),
            [var vm, ..] => vm,
        };
    }
}
