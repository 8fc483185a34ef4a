using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>A port that needs addresses, and the addresses that its spec requests.</summary>
/// <param name="Port">Port of the network, with its present addresses; a MAC address of 0 if it has none yet.</param>
/// <param name="Network">Network of the port, stored.</param>
/// <param name="Ip">Requested IPv4 address; null for any.</param>
/// <param name="Mac">Requested MAC address; null for any.</param>
/// <param name="Pointers">Fields of the caller's body, for problems.</param>
internal sealed record AddressRequest(LogicalPort Port, Network Network, Ipv4? Ip, MacAddress? Mac, AddressPointers Pointers = default)
{
    /// <summary>Previous incarnation that is being deleted; its addresses pass to a new port. Null if none.</summary>
    public LogicalPort? Predecessor { get; init; }

    /// <summary>True if the present addresses of the port belong to another network.</summary>
    public bool IsMoved { get; init; }

    /// <summary>True if the port must get another IPv4 address than its present one.</summary>
    public bool GivesUpIp { get; init; }

    /// <summary>True if the port must get another MAC address than its present one.</summary>
    public bool GivesUpMac { get; init; }

    /// <summary>
    /// UUID of the row of a port of others that becomes the port's: the addresses that were recorded for it pass to the port. Null if none.
    /// </summary>
    public Guid? Adopted { get; init; }
}

/// <summary>JSON pointers to the fields of the caller's body that decide about a port's addresses.</summary>
/// <param name="Ip">Field that decides about the IPv4 address; null if the body has none.</param>
/// <param name="Mac">Field that decides about the MAC address; null if the body has none.</param>
internal readonly record struct AddressPointers(string? Ip, string? Mac);
