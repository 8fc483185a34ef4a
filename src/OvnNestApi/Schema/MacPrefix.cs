using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace OvnNestApi.Schema;

/// <summary>The first octets of generated MAC addresses.</summary>
public sealed class MacPrefix
{
    private readonly ulong _value;
    private readonly int _randomBits;

    private MacPrefix(ulong value, int octets) => (_value, _randomBits) = (value, 48 - (8 * octets));

    /// <summary>
    /// Parses 1 to 5 hex octets separated by colons. The first must be even, because the addresses are unicast, and not all can be zero.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out MacPrefix? prefix)
    {
        prefix = null;
        var octets = text?.Split(':') ?? [];
        ulong value = 0;
        foreach (var octet in octets)
        {
            if (octet.Length != 2 || !byte.TryParse(octet, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var bits))
            {
                return false;
            }

            value = (value << 8) | bits;
        }

        var first = octets.Length is >= 1 and <= 5 ? value >> (8 * (octets.Length - 1)) : 1;
        if (value == 0 || (first & 1) == 1)
        {
            return false;
        }

        prefix = new(value << (48 - (8 * octets.Length)), octets.Length);
        return true;
    }

    /// <summary>Returns an address that begins with the prefix and is otherwise random.</summary>
    public MacAddress Random()
    {
        Span<byte> random = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(random);
        return new(_value | (BinaryPrimitives.ReadUInt64BigEndian(random) >> (64 - _randomBits)));
    }
}
