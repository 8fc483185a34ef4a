namespace OvnNestApi.HostPlanning;

/// <summary>Wanted state of a port and of its only interface, which has the same name.</summary>
/// <param name="Bridge">Bridge of the port.</param>
/// <param name="Type">Type of the interface: <c>internal</c>, <c>patch</c>, or empty for an existing device.</param>
/// <param name="Tag">VLAN of an access port, 0-4094; null for a trunk port.</param>
/// <param name="Trunks">The only VLANs that a trunk port passes; null or empty for all.</param>
/// <param name="Peer">Name of the peer of a patch port; null for other types.</param>
/// <param name="Mac">MAC address; null to leave it as it is.</param>
/// <param name="Mtu">MTU in bytes; null to leave it as it is.</param>
/// <param name="IfaceId">Logical port that OVN binds to the interface; null if the interface must not have an <c>iface-id</c>.</param>
internal sealed record WantedPort(
    string Bridge,
    string Name,
    OwnerMark Mark,
    string Type,
    int? Tag = null,
    IReadOnlyList<long>? Trunks = null,
    string? Peer = null,
    string? Mac = null,
    int? Mtu = null,
    string? IfaceId = null
)
{
    /// <summary>Wanted <c>external_ids</c> of the interface.</summary>
    public IReadOnlyDictionary<string, string> InterfaceExternalIds =>
        IfaceId is null ? Mark.ExternalIds : new Dictionary<string, string>(Mark.ExternalIds) { [OvsChanges.IfaceIdKey] = IfaceId };
}
