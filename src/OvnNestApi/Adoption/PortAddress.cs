using OvnNestApi.Schema;
using Ovsdb;

namespace OvnNestApi.Adoption;

/// <summary>Column <c>addresses</c> of a port (ovn-nb(5)), as far as the service supports it.</summary>
/// <param name="Mac">The MAC address; null if there is none.</param>
/// <param name="Ip">The IPv4 address; null if there is none.</param>
/// <param name="Count">Number of addresses: pairs of MAC and IPv4 address, or a MAC address alone.</param>
/// <param name="Unsupported">The first part of another kind, such as "dynamic" or an IPv6 address; null if there is none.</param>
/// <param name="IsUnknown">True if the port gets the frames for unknown addresses.</param>
internal readonly record struct PortAddress(MacAddress? Mac, Ipv4? Ip, int Count, string? Unsupported, bool IsUnknown)
{
    public static PortAddress Parse(OvsdbValue column)
    {
        var (result, count) = (default(PortAddress), 0);
        foreach (var text in column.AsSet())
        {
            if (text.AsString() == "unknown")
            {
                result = result with { IsUnknown = true };
                continue;
            }

            MacAddress? mac = null;
            var ips = 0;
            foreach (var part in text.AsString().Split([' ', ','], StringSplitOptions.RemoveEmptyEntries))
            {
                if (mac is null && MacAddress.TryParse(part, out var parsed))
                {
                    mac = parsed;
                    result = result with { Mac = result.Mac ?? parsed };
                }
                else if (mac is not null && Ipv4.TryParse(part, out var ip))
                {
                    ips++;
                    result = result with { Ip = result.Ip ?? ip };
                }
                else
                {
                    result = result with { Unsupported = result.Unsupported ?? part };
                }
            }

            count += Math.Max(ips, mac is null ? 0 : 1);
        }

        return result with
        {
            Count = count,
        };
    }

    /// <summary>
    /// True if a port with these addresses can get the other ones without losing any: they are equal, or these lack the IPv4 address, or
    /// all.
    /// </summary>
    public bool CanBecome(PortAddress other) =>
        Unsupported is null
        && Count <= 1
        && (other.IsUnknown || !IsUnknown)
        && (Count == 0 || (Mac == other.Mac && (Ip is null || Ip == other.Ip)));

    public override string ToString() => Ip is null ? Mac.ToString() ?? "" : $"{Mac} {Ip}";
}
