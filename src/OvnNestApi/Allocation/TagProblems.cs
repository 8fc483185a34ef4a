using OvnNestApi.Data;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>Problems of requests for VLAN tags.</summary>
internal static class TagProblems
{
    private const string States = "SELECT vm_id, state, count(*)::int FROM vlan_leases WHERE vm_id = ANY(@vms) GROUP BY vm_id, state";

    /// <summary>Returns the problem of a tag that has a lease.</summary>
    public static Problem Taken(Vm vm, VlanLease held, string? pointer) =>
        held.State switch
        {
            LeaseState.Foreign => Problem.VlanTagTaken(
                $"Tag {held.Tag} of {vm.Name} is used by {held.UsedBy}. Remove that port, or use another tag.",
                null,
                pointer
            ),
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
                $"Tag {held.Tag} of {vm.Name} is draining: {FormerHolder(held)} had it, and the northbound "
                    + "database or a host has not confirmed its removal yet. Try again later, or use another tag.",
                TimeSpan.FromSeconds(5),
                pointer
            ),
            _ => Problem.VlanTagTaken(
                $"Tag {held.Tag} of {vm.Name} is cooling down until {held.CoolUntil:yyyy-MM-dd'T'HH:mm:ss'Z'}: {FormerHolder(held)} "
                    + "had it. Try again later, or use another tag.",
                TimeSpan.FromSeconds(5),
                pointer
            ),
        };

    /// <summary>Returns the problem of a container that requests a tag that has a lease.</summary>
    public static Problem TakenFor(TagRequest request, VlanLease held)
    {
        var isOwn = held.Owner is not null && held.Owner == request.OwnerKey;
        var pointer = isOwn ? request.Pointers.Lease : request.Pointers.Tag;
        return held.State == LeaseState.Bound
            ? Problem.VlanTagTaken(
                $"Tag {held.Tag} of {request.Vm.Name} is bound to container {held.ContainerName}. "
                    + "To exchange the tags of two containers, change both in one manifest (POST /v1/manifests).",
                null,
                pointer
            )
            : Taken(request.Vm, held, pointer);
    }

    /// <summary>Returns the problem of a container that requests the same tag as another one, in the same list.</summary>
    public static Problem RequestedTwice(TagRequest request, int tag, Container other) =>
        Problem.VlanTagTaken(
            $"Tag {tag} of {request.Vm.Name} is also requested for container {other.Name}. Request different tags.",
            null,
            request.Tag is null ? request.Pointers.Lease : request.Pointers.Tag
        );

    /// <summary>Returns the problem of an owner key without a lease, or whose lease has another tag than the requested one.</summary>
    public static Problem? OfReservation(TagRequest request, VlanLease? reservation)
    {
        if (request.OwnerKey is null)
        {
            return null;
        }

        if (reservation is null)
        {
            return Problem.ReferenceMissing(
                request.Pointers.Lease,
                $"{request.Vm.Name} has no reserved or bound lease with the owner key {request.OwnerKey}."
            );
        }

        return request.Tag is not null && request.Tag != reservation.Tag
            ? Problem.ValidationFailed(
                request.Pointers.Tag,
                $"The lease of {request.OwnerKey} has tag {reservation.Tag}, not {request.Tag}."
            )
            : null;
    }

    /// <summary>Returns the problems of VMs without a free tag, in order, with the numbers of their leases.</summary>
    public static async Task<List<Problem>> ExhaustedAsync(
        NestDb db,
        IReadOnlyList<(Vm Vm, string? Pointer)> requests,
        CancellationToken cancellationToken
    )
    {
        var states = await db.QueryAsync(
            States,
            row => (Vm: row.GetGuid(0), State: Enum.Parse<LeaseState>(row.GetString(1)), Count: row.GetInt32(2)),
            cancellationToken,
            ("vms", requests.Select(request => request.Vm.Id).Distinct().ToArray())
        );
        var statesOfVm = states.ToLookup(one => one.Vm, one => (one.State, one.Count));
        return [.. requests.Select(request => Exhausted(request.Vm, [.. statesOfVm[request.Vm.Id]], request.Pointer))];
    }

    private static string FormerHolder(VlanLease held) => held.UsedBy ?? $"container {held.ContainerName}";

    private static Problem Exhausted(Vm vm, List<(LeaseState State, int Count)> states, string? pointer)
    {
        var ranges = VlanRanges.Parse(vm.VlanRanges);
        var used = string.Join(", ", states.OrderBy(s => s.State).Select(s => $"{s.Count} {s.State.ToString().ToLowerInvariant()}"));
        var problem = Problem.VlanTagsExhausted($"None of the {ranges.Count} tags {ranges} of {vm.Name} is free: {used}.", pointer);
        return states.Exists(s => s.State is LeaseState.Draining or LeaseState.Cooling)
            ? problem with
            {
                Retryable = true,
                RetryAfter = TimeSpan.FromSeconds(5),
            }
            : problem;
    }
}
