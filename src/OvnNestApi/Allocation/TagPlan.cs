using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>
/// What the requests of a list need, decided from the leases of their VMs: which containers keep, release, take over or wait for a tag, and
/// which get a new lease.
/// </summary>
internal sealed class TagPlan
{
    private readonly ILookup<(Guid Vm, int Tag), VlanLease> _byTag;
    private readonly ILookup<(Guid Vm, string? Name), VlanLease> _byName;
    private readonly ILookup<(Guid Vm, string? Owner), VlanLease> _byOwner;
    private readonly Dictionary<Guid, VlanLease> _presentOf = [];
    private readonly Dictionary<(Guid Vm, int Tag), TagRequest> _claims;
    private readonly HashSet<Guid> _moving;

    /// <summary>Decides.</summary>
    /// <param name="leases">Leases of the containers' names, of their tags and of the owner keys; the latest first.</param>
    /// <param name="claims">For each tag of a VM, the request that requests it.</param>
    public TagPlan(IReadOnlyList<TagRequest> requests, IReadOnlyList<VlanLease> leases, Dictionary<(Guid Vm, int Tag), TagRequest> claims)
    {
        (_byTag, _byName, _byOwner) = (
            leases.ToLookup(lease => (lease.VmId, lease.Tag)),
            leases.ToLookup(lease => (lease.VmId, lease.ContainerName)),
            leases.ToLookup(lease => (lease.VmId, lease.Owner))
        );
        foreach (var lease in leases)
        {
            if (HolderOf(lease) is { } holder)
            {
                _presentOf.TryAdd(holder, lease);
            }
        }

        _claims = claims;
        var moves = requests.Select(Read).OfType<Move>().ToList();
        _moving = [.. moves.Select(move => move.Request.Container.Id)];
        moves.ForEach(Decide);
    }

    /// <summary>Requests that cannot be fulfilled.</summary>
    public Dictionary<TagRequest, Problem> Problems { get; } = [];

    /// <summary>Containers that keep the tag that they have or wait for.</summary>
    public List<(VlanLease Lease, Container Container)> Kept { get; } = [];

    /// <summary>Containers that give their present tag up.</summary>
    public List<Guid> Releases { get; } = [];

    /// <summary>Reserved leases, and cooling ones of the same name, that are bound to the container.</summary>
    public List<(VlanLease Lease, Container Container)> TakeOvers { get; } = [];

    /// <summary>Leases that are draining, or will be after <see cref="Releases"/>, and the containers that get them then.</summary>
    public List<(VlanLease Lease, Container Container)> Successions { get; } = [];

    /// <summary>Requests for a new lease of a tag, or of any tag; and the lease of the tag, which may be over.</summary>
    public List<(TagRequest Request, int? Tag, VlanLease? Held)> Grants { get; } = [];

    /// <summary>Returns the container that has the tag, or that waits for it.</summary>
    private static Guid? HolderOf(VlanLease lease) => lease.State == LeaseState.Bound ? lease.ContainerId : lease.SuccessorId;

    /// <summary>Returns what the request needs; null if the container keeps its tag, or if there is a problem.</summary>
    private Move? Read(TagRequest request)
    {
        var (vm, container) = (request.Vm, request.Container);
        var reservation = request.OwnerKey is null ? null : _byOwner[(vm.Id, request.OwnerKey)].FirstOrDefault();
        if (TagProblems.OfReservation(request, reservation) is { } problem)
        {
            Problems[request] = problem;
            return null;
        }

        var tag = request.Tag ?? reservation?.Tag;
        var present = _presentOf.GetValueOrDefault(container.Id);
        if (present is not null && !request.GivesUpTag && (tag is null ? IsInRanges(vm, present) : present.Tag == tag))
        {
            Kept.Add((present, container));
            return null;
        }

        if (tag is { } claimed && !_claims.TryAdd((vm.Id, claimed), request) && _claims[(vm.Id, claimed)] is var other && other != request)
        {
            Problems[request] = TagProblems.RequestedTwice(request, claimed, other.Container);
            return null;
        }

        return new(request, reservation, tag, present);
    }

    private void Decide(Move move)
    {
        var (request, reservation, tag, present) = move;
        var (vm, container) = (request.Vm, request.Container);
        if (present is not null)
        {
            Releases.Add(container.Id);
        }

        var held = tag is { } wanted ? _byTag[(vm.Id, wanted)].FirstOrDefault() : LastOf(move);
        var isOwn = held?.ContainerName == container.Name;
        switch (held)
        {
            // The cool-down or reservation of another client may be over. The granting statement decides, by the database's clock.
            case null:
            case { State: LeaseState.Cooling } when !isOwn:
            case { State: LeaseState.Reserved } when held != reservation:
                Grants.Add((request, tag, held));
                break;
            case { State: LeaseState.Cooling or LeaseState.Reserved }:
                TakeOvers.Add((held, container));
                break;
            case var used when MaySucceed(request, used, isOwn):
                Successions.Add((used, container));
                break;
            default:
                Problems[request] = TagProblems.TakenFor(request, held);
                break;
        }
    }

    /// <summary>
    /// Returns true if the container can wait for a tag that is bound or draining: it is the next incarnation of the one that had the tag,
    /// or the holder gives the tag up in the same list. A tag with an owner passes only to a container that names the owner.
    /// </summary>
    private bool MaySucceed(TagRequest request, VlanLease held, bool isOwn) =>
        HolderOf(held) is { } holder ? _moving.Contains(holder) && (isOwn || held.Owner is null || held.Owner == request.OwnerKey) : isOwn;

    /// <summary>Returns the last tag of a new container's name, unless another container waits for it or requests it.</summary>
    private VlanLease? LastOf(Move move)
    {
        var (vm, container) = (move.Request.Vm, move.Request.Container);
        return move.Present is not null
            ? null
            : _byName[(vm.Id, container.Name)]
                .FirstOrDefault(lease =>
                    lease is { State: LeaseState.Draining or LeaseState.Cooling, SuccessorId: null }
                    && IsInRanges(vm, lease)
                    && !_claims.ContainsKey((vm.Id, lease.Tag))
                );
    }

    private static bool IsInRanges(Vm vm, VlanLease lease) => VlanRanges.Parse(vm.VlanRanges).Contains(lease.Tag);

    /// <summary>A container that needs a tag: its first one, or another one than <paramref name="Present"/>.</summary>
    private sealed record Move(TagRequest Request, VlanLease? Reservation, int? Tag, VlanLease? Present);
}
