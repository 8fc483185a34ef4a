using System.Diagnostics.CodeAnalysis;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>
/// Binds tags to containers and releases them, in the caller's transaction. The caller holds the lock of the VM's row; the unique indexes
/// reject duplicates in any case.
/// </summary>
internal static class Leases
{
    private const string Release = """
        UPDATE vlan_leases l SET state = 'Draining', since = statement_timestamp(), drain_nb_cfg = NULL, revision = revision + 1,
            awaits_all_chassis = NOT EXISTS (SELECT FROM lease_holds h WHERE h.lease_id = l.id)
                OR EXISTS (SELECT FROM vms v WHERE v.id = l.vm_id AND v.uplink_interface IS NOT NULL)
        WHERE l.container_id = ANY(@containers) AND l.state = 'Bound';
        UPDATE vlan_leases SET successor_id = NULL WHERE successor_id = ANY(@containers)
        """;

    private const string Take = """
        WITH taken AS (
            UPDATE vlan_leases SET
                id = CASE WHEN state = 'Reserved' THEN id ELSE gen_random_uuid() END,
                state = 'Bound', since = statement_timestamp(), container_id = @container, container_name = @name, successor_id = NULL,
                    drain_nb_cfg = NULL, cool_until = NULL,
                former_ip = NULL, former_mac = NULL,
                awaits_all_chassis = false, revision = revision + 1
            WHERE id = @lease RETURNING id, vm_id, tag, owner),
        ended AS (UPDATE vlan_history SET until = statement_timestamp() WHERE lease_id = @lease AND until IS NULL)
        INSERT INTO vlan_history (vm_id, vm_name, tag, lease_id, container_id, container_name, owner, "from")
        SELECT vm_id, @vmname, tag, id, @container, @name, owner, statement_timestamp() FROM taken
        """;

    /// <summary>
    /// Binds a tag to the container and sets <see cref="Container.Tag"/>. The container's row need not be stored yet. If the container had
    /// another tag, that tag starts to drain.
    /// </summary>
    /// <returns>
    /// Null if the tag is bound, or will be bound when it has drained (<see cref="VlanLease.SuccessorId"/>). Otherwise 400
    /// <c>validation-failed</c>, <c>reference-missing</c>, 409 <c>vlan-tag-taken</c> or <c>vlan-tags-exhausted</c>.
    /// </returns>
    public static async Task<Problem?> BindAsync(
        NestDb db,
        Vm vm,
        Container container,
        TagRequest request,
        CancellationToken cancellationToken
    )
    {
        var (asked, ownerKey, mayKeep, pointers) = request;
        if (ownerKey is null && await TryBindNewAsync(db, vm, container, asked, cancellationToken))
        {
            return null;
        }

        var leases = await RelatedLeasesAsync(db, vm, container, asked, ownerKey, cancellationToken);
        var reservation = ownerKey is null ? null : leases.Find(l => l.Owner == ownerKey);
        if (CheckReservation(vm, reservation, asked, ownerKey, pointers) is { } invalid)
        {
            return invalid;
        }

        var tag = asked ?? reservation?.Tag;
        var ranges = VlanRanges.Parse(vm.VlanRanges);
        var present = leases.Find(l => l.State == LeaseState.Bound && l.ContainerId == container.Id);
        if (present is not null && (tag is null ? mayKeep && ranges.Contains(present.Tag) : present.Tag == tag))
        {
            container.Tag = present.Tag;
            return null;
        }

        // A new incarnation gets the last tag of its name again, unless it requests another one.
        var held =
            tag is null && present is null
                ? leases.Find(l => IsReleasedBy(container, l) && ranges.Contains(l.Tag))
                : leases.Find(l => l.Tag == tag);
        await ReleaseAsync(db, container, cancellationToken);
        return MayBeOver(held, container, reservation)
            ? await GrantAsync(db, vm, container, tag, held, pointers, cancellationToken)
            : await TakeOverAsync(db, vm, container, held, ownerKey, pointers, cancellationToken);
    }

    /// <summary>Locks and returns the VM's leases of the container's name, of the tag or of the owner key; the latest first.</summary>
    private static async Task<List<VlanLease>> RelatedLeasesAsync(
        NestDb db,
        Vm vm,
        Container container,
        int? asked,
        string? ownerKey,
        CancellationToken cancellationToken
    )
    {
        if (ownerKey is not null)
        {
            await Expiry.SweepVmAsync(db, vm.Id, cancellationToken);
        }

        return await db
            .VlanLeases.FromSql(
                $"""
                SELECT * FROM vlan_leases WHERE vm_id = {vm.Id} AND (container_name = {container.Name} OR tag = {asked}
                    OR owner = {ownerKey})
                ORDER BY since DESC FOR NO KEY UPDATE
                """
            )
            .AsNoTracking()
            .ToListAsync(cancellationToken);
    }

    private static Problem? CheckReservation(Vm vm, VlanLease? reservation, int? asked, string? ownerKey, TagPointers pointers)
    {
        if (ownerKey is not null && reservation is null)
        {
            return Problem.ReferenceMissing(pointers.Lease, $"{vm.Name} has no reserved or bound lease with the owner key {ownerKey}.");
        }

        return asked is not null && reservation is not null && reservation.Tag != asked
            ? Problem.ValidationFailed(pointers.Tag, $"The lease of {ownerKey} has tag {reservation.Tag}, not {asked}.")
            : null;
    }

    private static bool IsReleasedBy(Container container, VlanLease lease) =>
        lease.ContainerName == container.Name && lease.State is LeaseState.Draining or LeaseState.Cooling;

    // The cool-down or reservation of another client may be over. The granting statement decides, by the database's clock.
    private static bool MayBeOver([NotNullWhen(false)] VlanLease? held, Container container, VlanLease? reservation) =>
        held is null
        || (held.State == LeaseState.Cooling && held.ContainerName != container.Name)
        || (held.State == LeaseState.Reserved && held != reservation);

    private static async Task<Problem?> GrantAsync(
        NestDb db,
        Vm vm,
        Container container,
        int? tag,
        VlanLease? held,
        TagPointers pointers,
        CancellationToken cancellationToken
    )
    {
        if (await Grant.BoundAsync(db, vm, container.Id, container.Name, tag, alone: false, cancellationToken) is not { } free)
        {
            return held is null
                ? await ExhaustedAsync(db, vm, VlanRanges.Parse(vm.VlanRanges), pointers.Tag, cancellationToken)
                : Taken(vm, held, pointers.Tag);
        }

        container.Tag = free;
        return null;
    }

    /// <summary>Binds a tag in one statement.</summary>
    /// <returns>False if the tag is not free, or if a lease of the VM belongs to the container's name.</returns>
    public static async Task<bool> TryBindNewAsync(NestDb db, Vm vm, Container container, int? asked, CancellationToken cancellationToken)
    {
        var granted = await Grant.BoundAsync(db, vm, container.Id, container.Name, asked, alone: true, cancellationToken);
        container.Tag = granted ?? container.Tag;
        return granted is not null;
    }

    /// <summary>Releases the container's tag: its lease changes from bound to draining.</summary>
    public static Task ReleaseAsync(NestDb db, Container container, CancellationToken cancellationToken) =>
        ReleaseAsync(db, [container.Id], cancellationToken);

    /// <summary>Releases the tags of several containers in one statement.</summary>
    public static Task ReleaseAsync(NestDb db, IReadOnlyCollection<Guid> containers, CancellationToken cancellationToken) =>
        db.ExecuteAsync(Release, cancellationToken, ("containers", containers.ToArray()));

    private static async Task<Problem?> TakeOverAsync(
        NestDb db,
        Vm vm,
        Container container,
        VlanLease held,
        string? ownerKey,
        TagPointers pointers,
        CancellationToken cancellationToken
    )
    {
        var isOwn = held.ContainerName == container.Name;
        switch (held.State)
        {
            case LeaseState.Reserved when held.Owner is not null && held.Owner == ownerKey:
            case LeaseState.Cooling when isOwn:
                await db.ExecuteAsync(
                    Take,
                    cancellationToken,
                    ("lease", held.Id),
                    ("container", container.Id),
                    ("name", container.Name),
                    ("vmname", vm.Name)
                );
                break;
            case LeaseState.Draining when isOwn:
                await db
                    .VlanLeases.Where(l => l.Id == held.Id)
                    .ExecuteUpdateAsync(l => l.SetProperty(x => x.SuccessorId, container.Id), cancellationToken);
                break;
            default:
                return Taken(vm, held, held.Owner is not null && held.Owner == ownerKey ? pointers.Lease : pointers.Tag);
        }

        container.Tag = held.Tag;
        return null;
    }

    internal static Problem Taken(Vm vm, VlanLease held, string? pointer) =>
        held.State switch
        {
            LeaseState.Reserved => Problem.VlanTagTaken(
                $"Tag {held.Tag} of {vm.Name} is reserved for {held.Owner ?? "another client"}.",
                null,
                pointer
            ),
            LeaseState.Bound => Problem.VlanTagTaken(
                $"Tag {held.Tag} of {vm.Name} is bound to container {held.ContainerName}.",
                null,
                pointer
            ),
            LeaseState.Draining => Problem.VlanTagTaken(
                $"Tag {held.Tag} of {vm.Name} is draining: container {held.ContainerName} had it, and the northbound "
                    + "database or a host has not confirmed its removal yet. Try again later, or use another tag.",
                TimeSpan.FromSeconds(5),
                pointer
            ),
            _ => Problem.VlanTagTaken(
                $"Tag {held.Tag} of {vm.Name} is cooling down until {held.CoolUntil:yyyy-MM-dd'T'HH:mm:ss'Z'}: container "
                    + $"{held.ContainerName} had it. Try again later, or use another tag.",
                TimeSpan.FromSeconds(5),
                pointer
            ),
        };

    internal static async Task<Problem> ExhaustedAsync(
        NestDb db,
        Vm vm,
        VlanRanges ranges,
        string? pointer,
        CancellationToken cancellationToken
    )
    {
        var states = await db
            .VlanLeases.Where(l => l.VmId == vm.Id)
            .GroupBy(l => l.State)
            .Select(g => new { g.Key, Count = g.Count() })
            .ToListAsync(cancellationToken);
        var used = string.Join(", ", states.OrderBy(s => s.Key).Select(s => $"{s.Count} {s.Key.ToString().ToLowerInvariant()}"));
        var problem = Problem.VlanTagsExhausted($"None of the {ranges.Count} tags {ranges} of {vm.Name} is free: {used}.", pointer);
        return states.Any(s => s.Key is LeaseState.Draining or LeaseState.Cooling)
            ? problem with
            {
                Retryable = true,
                RetryAfter = TimeSpan.FromSeconds(5),
            }
            : problem;
    }
}
