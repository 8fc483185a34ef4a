using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace OvnNestApi.Schema;

/// <summary>An IPv4 subnet in canonical form: host bits are zero, prefix length 0–32.</summary>
public readonly record struct Cidr
{
    private Cidr(Ipv4 network, int prefixLength) => (Network, PrefixLength) = (network, prefixLength);

    /// <summary>First address of the subnet.</summary>
    public Ipv4 Network { get; }

    /// <summary>Number of leading one bits of the mask, 0–32.</summary>
    public int PrefixLength { get; }

    /// <summary>Last address of the subnet.</summary>
    public Ipv4 Broadcast => new(Network.Value | ~Mask);

    /// <summary>First address that a port can have (a /31 or /32 reserves no network address, RFC 3021).</summary>
    public Ipv4 FirstHost => PrefixLength >= 31 ? Network : new(Network.Value + 1);

    /// <summary>Last address that a port can have.</summary>
    public Ipv4 LastHost => PrefixLength >= 31 ? Broadcast : new(Broadcast.Value - 1);

    private uint Mask => PrefixLength == 0 ? 0 : uint.MaxValue << (32 - PrefixLength);

    /// <summary>Parses the canonical form ("172.16.255.128/26") only.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Cidr cidr)
    {
        cidr = default;
        if (
            text?.Split('/', 2) is not [var address, var prefix]
            || !Ipv4.TryParse(address, out var network)
            || !int.TryParse(prefix, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            || length > 32
        )
        {
            return false;
        }

        cidr = new(network, length);
        return (network.Value & ~cidr.Mask) == 0 && cidr.ToString() == text;
    }

    /// <summary>Returns true if the address is in the subnet, including its network and broadcast address.</summary>
    public bool Contains(Ipv4 address) => (address.Value & Mask) == Network.Value;

    /// <summary>Returns true if the subnets have an address in common.</summary>
    public bool Overlaps(Cidr other) => Contains(other.Network) || other.Contains(Network);

    /// <summary>Returns true if a port can have the address.</summary>
    public bool IsHost(Ipv4 address) => address >= FirstHost && address <= LastHost;

    /// <summary>Returns the canonical form.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Network}/{PrefixLength}");
}
