using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.NetworkInformation;

namespace OvnNestApi.Schema;

/// <summary>A unicast EUI-48 address that is not all zero.</summary>
/// <param name="Value">The 48 bits; the first octet is the most significant.</param>
public readonly record struct MacAddress(ulong Value) : IComparable<MacAddress>
{
    /// <summary>
    /// Parses six hex octets separated by colons, in upper or lower case. Group addresses and 00:00:00:00:00:00 are rejected.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out MacAddress mac)
    {
        mac = default;
        if (text is not { Length: 17 })
        {
            return false;
        }

        ulong value = 0;
        for (var i = 0; i < 17; i += 3)
        {
            if (
                (i > 0 && text[i - 1] != ':')
                || !byte.TryParse(text.AsSpan(i, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet)
            )
            {
                return false;
            }

            value = (value << 8) | octet;
        }

        mac = new(value);
        return value != 0 && (value >> 40 & 1) == 0;
    }

    /// <summary>Converts a 6-byte <see cref="PhysicalAddress"/>.</summary>
    public static MacAddress From(PhysicalAddress address) =>
        new(address.GetAddressBytes().Aggregate(0UL, (value, octet) => (value << 8) | octet));

    /// <summary>Converts to the type that PostgreSQL's <c>macaddr</c> maps to.</summary>
    public PhysicalAddress ToPhysicalAddress() =>
        new([(byte)(Value >> 40), (byte)(Value >> 32), (byte)(Value >> 24), (byte)(Value >> 16), (byte)(Value >> 8), (byte)Value]);

    /// <inheritdoc/>
    public int CompareTo(MacAddress other) => Value.CompareTo(other.Value);

    public static bool operator <(MacAddress left, MacAddress right) => left.Value < right.Value;

    public static bool operator >(MacAddress left, MacAddress right) => left.Value > right.Value;

    public static bool operator <=(MacAddress left, MacAddress right) => left.Value <= right.Value;

    public static bool operator >=(MacAddress left, MacAddress right) => left.Value >= right.Value;

    /// <summary>Returns the address in lower case with colons.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Octet(0):x2}:{Octet(1):x2}:{Octet(2):x2}:{Octet(3):x2}:{Octet(4):x2}:{Octet(5):x2}");

    private byte Octet(int index) => (byte)(Value >> (40 - (8 * index)));
}
