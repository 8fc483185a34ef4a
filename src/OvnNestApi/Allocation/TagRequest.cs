using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>Request for a VLAN tag of a container.</summary>
/// <param name="Vm">VM of the container. Its row is stored, and the caller holds its lock.</param>
/// <param name="Container">
/// The container, whose row need not be stored yet. Its <see cref="Container.Tag"/> is 0 if it is new, else its present tag.
/// </param>
/// <param name="Tag">
/// Requested tag, 1–4094. Null for the present tag if it is in the VM's ranges, else for the tag of the reservation, else for any tag of
/// the ranges.
/// </param>
/// <param name="OwnerKey">Owner key of the reservation to bind; null without a reservation.</param>
/// <param name="Preferred">Tag that a new container gets if it is free and no request of the list requests it; null if none.</param>
/// <param name="Pointers">Fields of the caller's body, for problems.</param>
internal sealed record TagRequest(
    Vm Vm,
    Container Container,
    int? Tag = null,
    string? OwnerKey = null,
    int? Preferred = null,
    TagPointers Pointers = default
)
{
    /// <summary>True if the container must get another tag than its present one.</summary>
    public bool GivesUpTag { get; init; }

    /// <summary>
    /// True if the tag is that of a port of others that becomes the container's: a lease that records the tag ends.
    /// </summary>
    public bool IsAdopted { get; init; }

    /// <summary>True if the container has no tag yet.</summary>
    public bool IsNew => Container.Tag == 0;
}

/// <summary>JSON pointers to the fields of the caller's body that request a VLAN tag.</summary>
/// <param name="Tag">Field that requests a tag by number; null if the body has none.</param>
/// <param name="Lease">Field that names a reservation; null if the body has none.</param>
internal readonly record struct TagPointers(string? Tag, string? Lease);
