using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using NpgsqlTypes;
using OvnNestApi.Allocation;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Placements;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.VlanLeases;

/// <summary>Requests for leases through their own URLs. Each runs in the caller's transaction and locks the VM's row first.</summary>
internal static class Reservations
{
    private static readonly string DeleteLease = $"""
        WITH gone AS (DELETE FROM vlan_leases WHERE id = @lease RETURNING id)
        {TagHistory.End("gone")}
        """;

    private const string RemoveOwner =
        "UPDATE vlan_leases SET owner = NULL, ttl = NULL, expires_at = NULL, revision = revision + 1 WHERE id = @lease";

    private const string Renew = """
        UPDATE vlan_leases SET ttl = @text, expires_at = statement_timestamp() + @ttl, revision = revision + 1
        WHERE id = @lease RETURNING expires_at, revision
        """;

    /// <summary>Reserves the tag for the owner, or renews the owner's lease of it.</summary>
    public static async Task<Answer<GrantedLeases>> PutAsync(
        NestDb db,
        string vmName,
        int tag,
        LeaseSpec spec,
        Conditional condition,
        CancellationToken cancellationToken
    )
    {
        if (!(await LeaseLocks.VmAsync(db, vmName, evenDeleting: false, cancellationToken)).TryGet(out var vm, out var problem))
        {
            return problem;
        }

        var owner = RequiredOwner(spec);

        // Usually neither the tag nor the owner has a lease; then one statement is enough.
        if (
            condition.IfMatch is null
            && await Grant.ReservedAsync(db, vm, tag, [owner], Ttl(spec), alone: true, cancellationToken) is [var granted]
        )
        {
            return new GrantedLeases([granted], IsNew: true);
        }

        var leases = await LeaseLocks.LeasesAsync(db, vm.Id, tag, [owner], cancellationToken);
        if (leases.Find(l => l.Owner == owner) is { } own && own.Tag != tag)
        {
            return HasOtherTag(vmName, own);
        }

        var held = leases.Find(l => l.Tag == tag);
        if (Check(condition, held) is { } failed)
        {
            return failed;
        }

        return held is { State: LeaseState.Reserved or LeaseState.Bound } && held.Owner == owner
            ? new GrantedLeases(await RenewAsync(db, vmName, [held], spec, cancellationToken), IsNew: false)
            : await ReplaceAsync(db, vm, tag, held, spec, cancellationToken);
    }

    /// <summary>Reserves as many tags as requested, or none. If the owners already have their leases, these are renewed.</summary>
    public static async Task<Answer<GrantedLeases>> PostAsync(NestDb db, string vmName, LeaseSpec spec, CancellationToken cancellationToken)
    {
        if (!(await LeaseLocks.VmAsync(db, vmName, evenDeleting: false, cancellationToken)).TryGet(out var vm, out var problem))
        {
            return problem;
        }

        var owner = RequiredOwner(spec);
        var count = spec.Count ?? 1;
        var owners = count == 1 ? [owner] : Enumerable.Range(1, count).Select(i => $"{owner}-{i}").ToArray();
        if (owners[^1].Length > LeaseSpec.LongestOwner)
        {
            return Problem.ValidationFailed(
                "#/spec/owner",
                $"must have at most {LeaseSpec.LongestOwner} characters, including the suffix -{count}"
            );
        }

        var granted = await Grant.ReservedAsync(db, vm, null, owners, Ttl(spec), alone: true, cancellationToken);
        if (granted.Count == 0)
        {
            // An owner already has a lease, or no tag is free.
            var present = await LeaseLocks.LeasesAsync(db, vm.Id, null, owners, cancellationToken);
            if (present.Count > 0)
            {
                return await RepeatAsync(db, vm, present, count, spec, cancellationToken);
            }

            granted = await Grant.ReservedAsync(db, vm, null, owners, Ttl(spec), alone: false, cancellationToken);
        }

        return granted.Count < count
            ? await ExhaustedAsync(db, vm, spec, count, granted.Count, cancellationToken)
            : new GrantedLeases(granted, IsNew: true);
    }

    /// <summary>
    /// Deletes a reservation. A draining or cooling lease only loses its owner; with <paramref name="force"/>, it ends at once.
    /// </summary>
    public static async Task<Problem?> DeleteAsync(
        NestDb db,
        Settlement settlement,
        string vmName,
        int tag,
        Conditional condition,
        bool force,
        CancellationToken cancellationToken
    )
    {
        if (!(await LeaseLocks.VmAsync(db, vmName, evenDeleting: true, cancellationToken)).TryGet(out var vm, out var problem))
        {
            return problem;
        }

        var lease = (await LeaseLocks.LeasesAsync(db, vm.Id, tag, [], cancellationToken)).FirstOrDefault();
        if (Check(condition, lease) is { } failed)
        {
            return failed;
        }

        switch (lease)
        {
            case null:
                return Problem.NotFound($"Tag {tag} of {vmName} is not leased.");
            case { State: LeaseState.Bound }:
                return Problem.InUse(
                    $"Tag {tag} of {vmName} is bound to container {lease.ContainerName}. Delete the container, or give it another tag."
                );
            case { State: LeaseState.Foreign }:
                return Problem.InUse($"Tag {tag} of {vmName} is used by {lease.UsedBy}. Remove that port.");
            case { State: not LeaseState.Reserved, Owner: null } when !force:
                return null; // A repeated request changes nothing.
        }

        var isReserved = lease.State == LeaseState.Reserved;
        await db.ExecuteAsync(isReserved ? DeleteLease : RemoveOwner, cancellationToken, ("lease", lease.Id));
        ChangeLog.Add(db, "vlan-lease", vmName, $"{tag}", lease.Id, Action(lease, force), SpecJson(lease.Owner, lease.Ttl), null);
        if (force)
        {
            await settlement.ForceLeaseAsync(db, lease.Id, cancellationToken);
        }

        return null;
    }

    internal static string StateName(LeaseState state) => state.ToString().ToLowerInvariant();

    /// <summary>Reserves a tag that is free, or whose lease may be over by the database's clock.</summary>
    private static async Task<Answer<GrantedLeases>> ReplaceAsync(
        NestDb db,
        Vm vm,
        int tag,
        VlanLease? held,
        LeaseSpec spec,
        CancellationToken cancellationToken
    )
    {
        if (
            held is null or { State: LeaseState.Reserved or LeaseState.Cooling }
            && await Grant.ReservedAsync(db, vm, tag, [RequiredOwner(spec)], Ttl(spec), alone: false, cancellationToken) is [var lease]
        )
        {
            return new GrantedLeases([lease], IsNew: true);
        }

        return held is null
            ? Problem.VlanTagTaken($"Tag {tag} of {vm.Name} has just been leased by another client.", TimeSpan.FromSeconds(1))
            : TagProblems.Taken(vm, held, null);
    }

    /// <summary>Answers a POST whose owners already have leases: the request is a repetition, or a conflict.</summary>
    private static async Task<Answer<GrantedLeases>> RepeatAsync(
        NestDb db,
        Vm vm,
        List<VlanLease> present,
        int count,
        LeaseSpec spec,
        CancellationToken cancellationToken
    )
    {
        if (present.Find(l => l.State is LeaseState.Draining or LeaseState.Cooling) is { } released)
        {
            return TagProblems.Taken(vm, released, "#/spec/owner");
        }

        return present.Count == count
            ? new GrantedLeases(await RenewAsync(db, vm.Name, present, spec, cancellationToken), IsNew: false)
            : HasOtherTag(vm.Name, present[0]);
    }

    private static async Task<Problem> ExhaustedAsync(
        NestDb db,
        Vm vm,
        LeaseSpec spec,
        int count,
        int free,
        CancellationToken cancellationToken
    )
    {
        var exhausted = (await TagProblems.ExhaustedAsync(db, [(vm, null)], cancellationToken))[0];
        if (free > 0)
        {
            exhausted = exhausted with { Detail = $"{count} tags of {vm.Name} were requested, but only {free} are free." };
        }

        return spec.Count is null ? exhausted : exhausted with { Errors = [new("#/spec/count", exhausted.Detail)] };
    }

    private static Problem HasOtherTag(string vm, VlanLease lease) =>
        Problem.VlanTagTaken($"{lease.Owner} has tag {lease.Tag} of {vm} ({StateName(lease.State)}).", null, "#/spec/owner");

    private static string RequiredOwner(LeaseSpec spec) =>
        spec.Owner ?? throw new InvalidOperationException("The owner is a required field of the spec.");

    private static string Action(VlanLease lease, bool force) =>
        (lease.State, force) switch
        {
            (LeaseState.Reserved, _) => "deleted",
            (_, true) => "forced",
            _ => "deleting",
        };

    private static async Task<List<VlanLease>> RenewAsync(
        NestDb db,
        string vm,
        List<VlanLease> leases,
        LeaseSpec spec,
        CancellationToken cancellationToken
    )
    {
        var ttl = Ttl(spec);
        foreach (var lease in leases.Where(lease => spec.Ttl is not null || lease.Ttl is not null))
        {
            ChangeLog.Add(
                db,
                "vlan-lease",
                vm,
                $"{lease.Tag}",
                lease.Id,
                "updated",
                SpecJson(lease.Owner, lease.Ttl),
                SpecJson(lease.Owner, spec.Ttl)
            );
            var renewed = await db.QueryAsync(
                Renew,
                row =>
                    (ExpiresAt: row.IsDBNull(0) ? (DateTimeOffset?)null : row.GetFieldValue<DateTimeOffset>(0), Revision: row.GetInt64(1)),
                cancellationToken,
                ("lease", lease.Id),
                ("text", Sql.Typed(NpgsqlDbType.Text, ttl?.Text)),
                ("ttl", Sql.Typed(NpgsqlDbType.Interval, ttl?.Time))
            );
            (lease.Ttl, lease.ExpiresAt, lease.Revision) = (spec.Ttl, renewed[0].ExpiresAt, renewed[0].Revision);
        }

        return leases;
    }

    private static string SpecJson(string? owner, string? ttl) =>
        JsonSerializer.Serialize(new { spec = new LeaseSpec { Owner = owner, Ttl = ttl } }, ApiJson.Options);

    private static (string Text, TimeSpan Time)? Ttl(LeaseSpec spec) =>
        Durations.TryParse(spec.Ttl, out var time) ? (spec.Ttl ?? "", time) : null;

    private static Problem? Check(Conditional condition, VlanLease? lease)
    {
        if (condition.CreateOnly && lease is not null)
        {
            return Problem.PreconditionFailed("If-None-Match: * was sent, and the tag is leased.");
        }

        if (condition.IfMatch is null)
        {
            return null;
        }

        if (lease is null)
        {
            return Problem.PreconditionFailed("If-Match was sent, and the tag is not leased.");
        }

        var etag = Conditional.ETag(lease.Id, lease.Revision);
        return condition.IfMatch.Contains("*") || condition.IfMatch.Contains(etag)
            ? null
            : Problem.PreconditionFailed($"If-Match was sent, and the lease's ETag is {etag}.");
    }
}
