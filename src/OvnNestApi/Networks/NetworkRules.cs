using OvnNestApi.Contracts;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Networks;

/// <summary>What a network's fields mean together. Pure.</summary>
internal static class NetworkRules
{
    /// <summary>Whose addresses no host of a network may have (RFC 6890 §2.2.2).</summary>
    private static readonly (Cidr Block, string Use)[] Unusable =
    [
        (Block("0.0.0.0/8"), "means \"this network\" (RFC 1122 §3.2.1.3)"),
        (Block("127.0.0.0/8"), "is every host's loopback (RFC 1122 §3.2.1.3)"),
        (Block("169.254.0.0/16"), "is link-local, neither to be configured nor routed (RFC 3927 §1.6, §2.7)"),
        (Block("224.0.0.0/4"), "is multicast (RFC 5771)"),
        (Block("240.0.0.0/4"), "is reserved (RFC 1112 §4)"),
    ];

    /// <summary>Everything that does not fit together.</summary>
    public static List<FieldError> Check(NetworkSpec spec, bool isExisting)
    {
        var errors = new List<FieldError>();
        if (spec.Subnet is not { } subnet)
        {
            Refuse(spec.Gateway is not (null or "none"), "#/spec/gateway", "needs a subnet");
            Refuse(spec.Router is not null, "#/spec/router", "needs a subnet");
            Refuse(spec.Reserved is { Count: > 0 }, "#/spec/reserved", "needs a subnet");
            Refuse(spec.Dhcp?.Enabled is true, "#/spec/dhcp/enabled", "needs a subnet");
        }
        else
        {
            Refuse(subnet.PrefixLength < 8, "#/spec/subnet", "a prefix length of 8 or more is expected");
            Refuse(
                subnet.PrefixLength > 30 && spec.Dhcp?.Enabled is not false,
                "#/spec/subnet",
                "DHCP needs a prefix length of 30 or less"
            );
            foreach (var (block, use) in Unusable.Where(one => subnet.PrefixLength >= 8 && one.Block.Overlaps(subnet)))
            {
                Refuse(true, "#/spec/subnet", $"{block} {use}");
            }

            if (Gateway(spec) is { } gateway)
            {
                Refuse(!subnet.IsHost(gateway), "#/spec/gateway", $"{gateway} is no host of {subnet}");
            }

            for (var i = 0; i < spec.Reserved?.Count; i++)
            {
                Refuse(
                    !subnet.Contains(spec.Reserved[i].First) || !subnet.Contains(spec.Reserved[i].Last),
                    $"#/spec/reserved/{i}",
                    $"{spec.Reserved[i]} is not within {subnet}"
                );
            }
        }

        Refuse(spec.Router is not null && spec.Gateway == "none", "#/spec/gateway", "a network that joins a router needs a gateway");
        Refuse(isExisting && spec.Router is not null, "#/spec/router", "a switch made by others is not joined to a router of ours");
        Refuse(!isExisting && spec.Dhcp?.OptionsId is not null, "#/spec/dhcp/optionsId", "is for existing switches only");
        Refuse(isExisting && spec.Switch?.Name is null, "#/spec/switch/name", "is required for an existing switch");
        return errors;

        void Refuse(bool isWrong, string pointer, string detail)
        {
            if (isWrong)
            {
                errors.Add(new(pointer, detail));
            }
        }
    }

    /// <summary>The gateway that the spec means; null: none.</summary>
    public static Ipv4? Gateway(NetworkSpec spec) =>
        spec.Gateway switch
        {
            "none" => null,
            null => spec.Router is null ? null : spec.Subnet?.FirstHost,
            var text => Ipv4.TryParse(text, out var address) ? address : null,
        };

    /// <summary>Defaults apply at once where nothing is asked.</summary>
    public static void ApplyDhcp(Network network, NetworkSpec spec)
    {
        network.DhcpEnabled = spec.Subnet is not null && (spec.Dhcp?.Enabled ?? true);
        network.DhcpLeaseTime = spec.Dhcp?.LeaseTime ?? 3600;
        network.DnsServers = spec.Dhcp?.DnsServers?.Select(server => server.ToString()).ToArray() ?? [];
        network.DomainName = spec.Dhcp?.DomainName;
        network.Mtu = spec.Dhcp?.Mtu ?? 1442;
        network.DhcpOptionsId = spec.Dhcp?.OptionsId;
        network.Reserved = spec.Reserved?.Select(range => range.ToString()).ToArray() ?? [];
    }

    /// <summary>How a port of the network gets its address if it does not say.</summary>
    public static Addressing Addressing(Network network) =>
        network.DhcpEnabled ? Contracts.Addressing.Dhcp
        : network.Subnet is not null ? Contracts.Addressing.Static
        : Contracts.Addressing.None;

    private static Cidr Block(string text) => Cidr.TryParse(text, out var block) ? block : throw new FormatException($"No subnet: {text}");
}
