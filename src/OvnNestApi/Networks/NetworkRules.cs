using OvnNestApi.Contracts;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Networks;

/// <summary>Rules that involve several fields of a network, and its defaults. No I/O.</summary>
internal static class NetworkRules
{
    /// <summary>Address blocks that a subnet must not overlap (RFC 6890 §2.2.2).</summary>
    private static readonly (Cidr Block, string Use)[] Unusable =
    [
        (Block("0.0.0.0/8"), "means \"this network\" (RFC 1122 §3.2.1.3)"),
        (Block("127.0.0.0/8"), "is for loopback (RFC 1122 §3.2.1.3)"),
        (Block("169.254.0.0/16"), "is link-local: it is not configured manually and not routed (RFC 3927 §1.6, §2.7)"),
        (Block("224.0.0.0/4"), "is for multicast (RFC 5771)"),
        (Block("240.0.0.0/4"), "is reserved (RFC 1112 §4)"),
    ];

    /// <summary>Returns all fields that are not valid in combination with other fields.</summary>
    /// <param name="isExisting">True if another system created the logical switch.</param>
    public static List<FieldError> Check(NetworkSpec spec, bool isExisting) =>
        [
            .. spec.Subnet is { } subnet ? CheckSubnet(subnet, spec) : CheckWithoutSubnet(spec),
            .. CheckRouter(spec),
            .. CheckSwitch(spec, isExisting),
        ];

    /// <summary>Returns the gateway that the spec requests, or its default; null for no gateway.</summary>
    public static Ipv4? Gateway(NetworkSpec spec) =>
        spec.Gateway switch
        {
            "none" => null,
            null when spec.Router is null => null,
            null => spec.Subnet is { PrefixLength: 31 } pair ? pair.LastHost : spec.Subnet?.FirstHost,
            var text => Ipv4.TryParse(text, out var address) ? address : null,
        };

    /// <summary>Sets the DHCP settings, the MTU and the reserved addresses. Fields that are not in the spec get their defaults.</summary>
    public static void ApplyOptions(Network network, NetworkSpec spec)
    {
        network.DhcpEnabled = spec.Subnet is not null && (spec.Dhcp?.Enabled ?? true);
        network.DhcpLeaseTime = spec.Dhcp?.LeaseTime ?? 3600;
        network.DnsServers = spec.Dhcp?.DnsServers?.Select(server => server.ToString()).ToArray() ?? [];
        network.DomainName = spec.Dhcp?.DomainName;
        network.Mtu = spec.Dhcp?.Mtu ?? 1442;
        network.DhcpOptionsId = spec.Dhcp?.OptionsId;
        network.Reserved = spec.Reserved?.Select(range => range.ToString()).ToArray() ?? [];
    }

    /// <summary>Returns how a port of the network gets its address if its spec does not request a way.</summary>
    public static Addressing DefaultAddressing(Network network) =>
        network switch
        {
            { DhcpEnabled: true } => Addressing.Dhcp,
            { Subnet: not null } => Addressing.Static,
            _ => Addressing.None,
        };

    private static IEnumerable<FieldError> CheckWithoutSubnet(NetworkSpec spec)
    {
        const string Detail = "is not allowed without a subnet";
        if (spec.Gateway is not (null or "none"))
        {
            yield return new("#/spec/gateway", Detail);
        }

        if (spec.Router is not null)
        {
            yield return new("#/spec/router", Detail);
        }

        if (spec.Reserved is { Count: > 0 })
        {
            yield return new("#/spec/reserved", Detail);
        }

        if (spec.Dhcp?.Enabled is true)
        {
            yield return new("#/spec/dhcp/enabled", "DHCP needs a subnet");
        }
    }

    private static IEnumerable<FieldError> CheckSubnet(Cidr subnet, NetworkSpec spec)
    {
        if (subnet.PrefixLength < 8)
        {
            yield return new("#/spec/subnet", "a prefix length of 8 or more is expected");
        }

        if (subnet.PrefixLength > 30 && spec.Dhcp?.Enabled is not false)
        {
            yield return new("#/spec/subnet", "DHCP needs a prefix length of 30 or less; set dhcp.enabled to false for a longer prefix");
        }

        foreach (var (block, use) in Unusable.Where(one => subnet.PrefixLength >= 8 && one.Block.Overlaps(subnet)))
        {
            yield return new("#/spec/subnet", $"overlaps {block}, which {use}");
        }

        if (Gateway(spec) is { } gateway && !subnet.IsHost(gateway))
        {
            yield return new("#/spec/gateway", $"{gateway} is not a host address of {subnet}");
        }

        if (subnet.PrefixLength == 31 && spec.Router is not null && Gateway(spec) == subnet.FirstHost)
        {
            yield return new(
                "#/spec/gateway",
                $"in a /31, a router must have the address {subnet.LastHost}: OVN drops the packets of a port with the last address"
            );
        }

        for (var i = 0; i < spec.Reserved?.Count; i++)
        {
            if (!subnet.Contains(spec.Reserved[i].First) || !subnet.Contains(spec.Reserved[i].Last))
            {
                yield return new($"#/spec/reserved/{i}", $"{spec.Reserved[i]} is not within {subnet}");
            }
        }
    }

    private static IEnumerable<FieldError> CheckRouter(NetworkSpec spec)
    {
        if (spec.Router is null)
        {
            yield break;
        }

        if (spec.Gateway == "none")
        {
            yield return new("#/spec/gateway", "a network that is connected to a router needs a gateway");
        }
    }

    private static IEnumerable<FieldError> CheckSwitch(NetworkSpec spec, bool isExisting)
    {
        if (!isExisting && spec.Dhcp?.OptionsId is not null)
        {
            yield return new("#/spec/dhcp/optionsId", "is allowed only for an existing switch");
        }

        if (isExisting && spec.Switch?.Name is null)
        {
            yield return new("#/spec/switch/name", "is required for an existing switch");
        }
    }

    private static Cidr Block(string text) =>
        Cidr.TryParse(text, out var block) ? block : throw new FormatException($"Not a subnet in canonical form: {text}");
}
