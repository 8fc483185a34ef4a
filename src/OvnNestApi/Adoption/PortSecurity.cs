using OvnNestApi.Schema;
using Ovsdb;

namespace OvnNestApi.Adoption;

/// <summary>Column <c>port_security</c> of a port (ovn-nb(5)), as far as the service supports it.</summary>
/// <param name="Rules">MAC addresses, each with an IPv4 address or subnet that it may use; null if it may use any.</param>
/// <param name="Unsupported">The first part of another kind, such as an IPv6 address; null if there is none.</param>
internal sealed record PortSecurity(IReadOnlyList<(MacAddress Mac, string? Range)> Rules, string? Unsupported)
{
    /// <summary>True if the port can send from any address.</summary>
    public bool IsOff => Rules.Count == 0 && Unsupported is null;

    public static PortSecurity Parse(OvsdbValue column)
    {
        var rules = new List<(MacAddress Mac, string? Range)>();
        string? unsupported = null;
        foreach (var text in column.AsSet())
        {
            var words = text.AsString().Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);
            if (!MacAddress.TryParse(words.FirstOrDefault(), out var mac))
            {
                unsupported ??= text.AsString();
                continue;
            }

            foreach (var word in words.Skip(1))
            {
                if (AllowedAddress.TryParse(word, out var allowed))
                {
                    rules.Add((mac, allowed.RangeText));
                }
                else
                {
                    unsupported ??= word;
                }
            }

            if (words.Length == 1)
            {
                rules.Add((mac, null));
            }
        }

        return new(rules, unsupported);
    }

    /// <summary>True if the port security contains the address of the port, or is off.</summary>
    public bool Covers(PortAddress address) =>
        IsOff
        || (
            Unsupported is null
            && Rules.Any(rule =>
                rule.Mac == address.Mac && (rule.Range is null || address.Ip is null || rule.Range == address.Ip.ToString())
            )
        );

    /// <summary>Returns what the port can use besides its address.</summary>
    public IEnumerable<AllowedAddress> Besides(PortAddress address)
    {
        foreach (var (mac, range) in Rules)
        {
            var isOwn = mac == address.Mac;
            if (
                range is not null
                && (!isOwn || range != address.Ip?.ToString())
                && AllowedAddress.TryParse(isOwn ? range : $"{mac} {range}", out var allowed)
            )
            {
                yield return allowed;
            }
        }
    }

    /// <summary>Returns another MAC address that the port can use with any IPv4 address, or null.</summary>
    public MacAddress? Unlimited(PortAddress address) =>
        Rules.Where(rule => rule.Range is null && rule.Mac != address.Mac).Select(rule => (MacAddress?)rule.Mac).FirstOrDefault();

    /// <summary>
    /// True if a port with this port security can get the other one without losing an address; one that may use any IPv4 address with a MAC
    /// address can be limited.
    /// </summary>
    public bool CanBecome(PortSecurity other) =>
        Unsupported is null && Rules.All(rule => other.Rules.Any(one => one.Mac == rule.Mac && (rule.Range ?? one.Range) == one.Range));
}
