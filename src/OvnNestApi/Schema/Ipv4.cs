using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OvnNestApi.Schema;

/// <summary>An IPv4 address, ordered by its numeric value.</summary>
/// <param name="Value">The 32 bits; the first octet is the most significant.</param>
public readonly record struct Ipv4(uint Value) : IComparable<Ipv4>
{
    /// <summary>Parses the canonical dotted form ("172.16.255.133") only: no leading zeros, no short forms.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Ipv4 address)
    {
        address = default;
        if (!IPAddress.TryParse(text, out var parsed) || parsed.AddressFamily != AddressFamily.InterNetwork)
        {
            return false;
        }

        address = From(parsed);
        return address.ToString() == text;
    }

    /// <summary>Converts an IPv4 <see cref="IPAddress"/>.</summary>
    public static Ipv4 From(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[4];
        address.TryWriteBytes(bytes, out _);
        return new(System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes));
    }

    /// <summary>Converts to the type that PostgreSQL's <c>inet</c> maps to.</summary>
    public IPAddress ToIPAddress() => new([(byte)(Value >> 24), (byte)(Value >> 16), (byte)(Value >> 8), (byte)Value]);

    /// <inheritdoc/>
    public int CompareTo(Ipv4 other) => Value.CompareTo(other.Value);

    /// <summary>Returns the canonical dotted form.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Value >> 24}.{(Value >> 16) & 255}.{(Value >> 8) & 255}.{Value & 255}");

    public static bool operator <(Ipv4 left, Ipv4 right) => left.Value < right.Value;

    public static bool operator >(Ipv4 left, Ipv4 right) => left.Value > right.Value;

    public static bool operator <=(Ipv4 left, Ipv4 right) => left.Value <= right.Value;

    public static bool operator >=(Ipv4 left, Ipv4 right) => left.Value >= right.Value;
}
