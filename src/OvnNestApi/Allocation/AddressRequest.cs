using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>Addresses that the caller requests for a port.</summary>
/// <param name="Ip">Requested IPv4 address; null for any.</param>
/// <param name="Mac">Requested MAC address; null for any.</param>
/// <param name="Pointers">Fields of the caller's body, for problems.</param>
internal readonly record struct AddressRequest(Ipv4? Ip, MacAddress? Mac, AddressPointers Pointers = default);

/// <summary>JSON pointers to the fields of the caller's body that decide about a port's addresses.</summary>
/// <param name="Ip">Field that decides about the IPv4 address; null if the body has none.</param>
/// <param name="Mac">Field that decides about the MAC address; null if the body has none.</param>
internal readonly record struct AddressPointers(string? Ip, string? Mac);
