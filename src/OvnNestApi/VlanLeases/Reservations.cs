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

/// <summary>
/// What clients do with leases as objects of their own. Each runs within a transaction and begins with the VM's row lock.
/// </summary>
internal static class Reservations
{
    private const string GiveBack = """
        WITH gone AS (DELETE FROM vlan_leases WHERE id = @lease RETURNING id)
        UPDATE vlan_history SET until = statement_timestamp() WHERE until IS NULL AND lease_id IN (SELECT id FROM gone)
        """;

    /// <summary>Reserves the tag for the owner, or renews.</summary>
    /// <returns>The lease, and whether it is new.</returns>
    public static async Task<Answer<GrantedLeases>> PutAsync(
        NestDb db,
        string vmName,
        int tag,
        LeaseSpec spec,
        Conditional condition,
        CancellationToken cancellationToken
    )
    {
        if (!(await LeaseLocks.VmAsync(db, vmName, cancellationToken)).TryGet(out var vm, out var problem))
        {
            return problem;
        }

        var owner = RequiredOwner(spec);

        // Nothing in the way is the usual case: one statement.
        if (
            condition.IfMatch is null
            && await Grant.ReservedAsync(db, vm, tag, [owner], Ttl(spec), alone: true, cancellationToken) is [var granted]
        )
        {
            return new GrantedLeases([granted], IsNew: true);
        }

        var leases = await LeaseLocks.LeasesAsync(db, vm.Id, tag, [owner], cancellationToken);
        var (held, own) = (leases.Find(l => l.Tag == tag), leases.Find(l => l.Owner == owner));
        if (own is not null && own.Tag != tag)
        {
            return Problem.VlanTagTaken($"{owner} has tag {own.Tag} of {vmName} ({Word(own.State)}).", null, "#/spec/owner");
        }

        if (Check(condition, held) is { } failed)
        {
            return failed;
        }

        if (held is not null && held == own && held.State is LeaseState.Reserved or LeaseState.Bound)
        {
            return new GrantedLeases(await RenewAsync(db, vmName, [held], spec, cancellationToken), IsNew: false);
        }

        if (
            held is null or { State: LeaseState.Reserved or LeaseState.Cooling }
            && await Grant.ReservedAsync(db, vm, tag, [owner], Ttl(spec), alone: false, cancellationToken) is [var lease]
        )
        {
            return new GrantedLeases([lease], IsNew: true);
        }

        return held is null
            ? Problem.VlanTagTaken($"Tag {tag} of {vmName} has just been taken.", TimeSpan.FromSeconds(1))
            : Leases.Taken(vm, held, null);
    }

    /// <summary>Reserves as many tags as asked, all or none; the same owner again has the same lease again.</summary>
    /// <returns>The leases in the order of their tags, and whether they are new.</returns>
    public static async Task<Answer<GrantedLeases>> PostAsync(NestDb db, string vmName, LeaseSpec spec, CancellationToken cancellationToken)
    {
        if (!(await LeaseLocks.VmAsync(db, vmName, cancellationToken)).TryGet(out var vm, out var problem))
        {
            return problem;
        }

        var owner = RequiredOwner(spec);

        var count = spec.Count ?? 1;
        var owners = count == 1 ? [owner] : Enumerable.Range(1, count).Select(i => $"{owner}-{i}").ToArray();
        if (owners[^1].Length > LeaseSpec.LongestOwner)
        {
            return Problem.ValidationFailed("#/spec/owner", $"may have {LeaseSpec.LongestOwner} characters with -{count} behind it");
        }

        var granted = await Grant.ReservedAsync(db, vm, null, owners, Ttl(spec), alone: true, cancellationToken);
        if (granted.Count == 0)
        {
            // The owner has some already, or none is free.
            var present = await LeaseLocks.LeasesAsync(db, vm.Id, null, owners, cancellationToken);
            if (present.Find(l => l.State is LeaseState.Draining or LeaseState.Cooling) is { } going)
            {
                return Leases.Taken(vm, going, "#/spec/owner");
            }

            if (present.Count == count)
            {
                return new GrantedLeases(await RenewAsync(db, vmName, present, spec, cancellationToken), IsNew: false);
            }

            if (present.Count > 0)
            {
                return Problem.VlanTagTaken(
                    $"{present[0].Owner} has tag {present[0].Tag} of {vmName} ({Word(present[0].State)}).",
                    null,
                    "#/spec/owner"
                );
            }

            granted = await Grant.ReservedAsync(db, vm, null, owners, Ttl(spec), alone: false, cancellationToken);
        }

        if (granted.Count < count)
        {
            var exhausted = await Leases.ExhaustedAsync(db, vm, VlanRanges.Parse(vm.VlanRanges), null, cancellationToken);
            if (granted.Count > 0)
            {
                exhausted = exhausted with { Detail = $"Of {count} tags asked for, only {granted.Count} of {vmName} are free." };
            }

            return spec.Count is null ? exhausted : exhausted with { Errors = [new("#/spec/count", exhausted.Detail)] };
        }

        return new GrantedLeases(granted, IsNew: true);
    }

    /// <summary>Gives a reservation back. A lease on its way to being free will not return to its owner; with force its way ends.</summary>
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
        if (!(await LeaseLocks.VmAsync(db, vmName, cancellationToken, evenDeleting: true)).TryGet(out var vm, out var problem))
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
            case { State: LeaseState.Reserved }:
                await db.ExecuteAsync(GiveBack, cancellationToken, ("lease", lease.Id));
                break;
            case { Owner: null } when !force:
                // It is on its way already: said again, nothing changes.
                return null;
            default:
                await db.ExecuteAsync(
                    "UPDATE vlan_leases SET owner = NULL, ttl = NULL, expires_at = NULL, revision = revision + 1 WHERE id = @lease",
                    cancellationToken,
                    ("lease", lease.Id)
                );
                break;
        }

        ChangeLog.Add(
            db,
            "vlan-lease",
            vmName,
            $"{tag}",
            lease.Id,
            lease.State == LeaseState.Reserved ? "deleted"
                : force ? "forced"
                : "deleting",
            Told(lease.Owner, lease.Ttl),
            null
        );
        if (force)
        {
            await settlement.ForceLeaseAsync(db, lease.Id, cancellationToken);
        }

        return null;
    }

    private static string RequiredOwner(LeaseSpec spec) =>
        spec.Owner ?? throw new InvalidOperationException("The owner is a required field of the spec.");

    internal static string Word(LeaseState state) => state.ToString().ToLowerInvariant();

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
                Told(lease.Owner, lease.Ttl),
                Told(lease.Owner, spec.Ttl)
            );
            var renewed = await db.QueryAsync(
                "UPDATE vlan_leases SET ttl = @text, expires_at = statement_timestamp() + @ttl, revision = revision + 1 WHERE id = @lease RETURNING expires_at, revision",
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

    private static string Told(string? owner, string? ttl) =>
        JsonSerializer.Serialize(new { spec = new LeaseSpec { Owner = owner, Ttl = ttl } }, ApiJson.Options);

    private static (string Text, TimeSpan Time)? Ttl(LeaseSpec spec) =>
        Durations.TryParse(spec.Ttl, out var time) ? (spec.Ttl ?? "", time) : null;

    private static Problem? Check(Conditional condition, VlanLease? lease)
    {
        if (condition.CreateOnly && lease is not null)
        {
            return Problem.PreconditionFailed("If-None-Match: * was sent, and the tag is leased.");
        }

        return
            condition.IfMatch is null
            || (
                lease is not null
                && (condition.IfMatch.Contains("*") || condition.IfMatch.Contains(Conditional.ETag(lease.Id, lease.Revision)))
            )
            ? null
            : Problem.PreconditionFailed(
                lease is null
                    ? "If-Match was sent, and the tag is not leased."
                    : $"If-Match was sent, and the lease's ETag is {Conditional.ETag(lease.Id, lease.Revision)}."
            );
    }
}
