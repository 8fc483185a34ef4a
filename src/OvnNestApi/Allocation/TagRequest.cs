namespace OvnNestApi.Allocation;

/// <summary>VLAN tag that the caller requests for a container.</summary>
/// <param name="Tag">
/// Requested tag, 1–4094. Null for the present tag, if it is in the VM's ranges and <paramref name="MayKeep"/> is true, else for any tag of
/// the ranges.
/// </param>
/// <param name="OwnerKey">Owner key of the reservation to bind; null without a reservation.</param>
/// <param name="MayKeep">False if the container must get another tag than its present one, unless it requests that tag.</param>
/// <param name="Pointers">Fields of the caller's body, for problems.</param>
internal readonly record struct TagRequest(int? Tag, string? OwnerKey, bool MayKeep = true, TagPointers Pointers = default);

/// <summary>JSON pointers to the fields of the caller's body that request a VLAN tag.</summary>
/// <param name="Tag">Field that requests a tag by number; null if the body has none.</param>
/// <param name="Lease">Field that names a reservation; null if the body has none.</param>
internal readonly record struct TagPointers(string? Tag, string? Lease);
