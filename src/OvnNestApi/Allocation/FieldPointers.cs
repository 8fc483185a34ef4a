namespace OvnNestApi.Allocation;

/// <summary>JSON pointers to the fields of the caller's body that decide about a port's addresses.</summary>
/// <param name="Ip">Field that decides about the IPv4 address; null if the body has none.</param>
/// <param name="Mac">Field that decides about the MAC address; null if the body has none.</param>
internal readonly record struct AddressPointers(string? Ip, string? Mac);

/// <summary>JSON pointers to the fields of the caller's body that ask for a VLAN tag.</summary>
/// <param name="Tag">Field that asks for a tag by number; null if the body has none.</param>
/// <param name="Lease">Field that names a reservation; null if the body has none.</param>
internal readonly record struct TagPointers(string? Tag, string? Lease);
