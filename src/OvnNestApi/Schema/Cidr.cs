using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace OvnNestApi.Schema;

/// <summary>An IPv4 subnet in canonical form: host bits are zero, prefix length 0–32.</summary>
public readonly record struct Cidr
{
    private Cidr(Ipv4 network, int prefixLength) => (Network, PrefixLength) = (network, prefixLength);

    /// <summary>The subnet's first address.</summary>
    public Ipv4 Network { get; }

    /// <summary>Leading one bits, 0–32.</summary>
    public int PrefixLength { get; }

    /// <summary>The subnet's last address.</summary>
    public Ipv4 Broadcast => new(Network.Value | ~Mask);

    /// <summary>The first address that a host may have (a /31 and /32 have no network address of their own, RFC 3021).</summary>
    public Ipv4 FirstHost => PrefixLength >= 31 ? Network : new(Network.Value + 1);

    /// <summary>The last address that a host may have.</summary>
    public Ipv4 LastHost => PrefixLength >= 31 ? Broadcast : new(Broadcast.Value - 1);

    private uint Mask => PrefixLength == 0 ? 0 : uint.MaxValue << (32 - PrefixLength);

    /// <summary>Reads the canonical form ("172.16.255.128/26") and nothing else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Cidr cidr)
    {
        cidr = default;
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        if (
            slash < 0
            || !Ipv4.TryParse(text![..slash], out var network)
            || !int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            || length > 32
        )
        {
            return false;
        }

        cidr = new(network, length);
        return (network.Value & ~cidr.Mask) == 0 && cidr.ToString() == text;
    }

    /// <summary>True if the address lies in the subnet, its network and broadcast address included.</summary>
    public bool Contains(Ipv4 address) => (address.Value & Mask) == Network.Value;

    /// <summary>True if an address lies in both.</summary>
    public bool Overlaps(Cidr other) => Contains(other.Network) || other.Contains(Network);

    /// <summary>True if a host may have the address.</summary>
    public bool IsHost(Ipv4 address) => address >= FirstHost && address <= LastHost;

    /// <summary>The canonical form.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Network}/{PrefixLength}");
}
