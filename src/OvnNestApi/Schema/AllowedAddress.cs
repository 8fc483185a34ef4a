using System.Diagnostics.CodeAnalysis;

namespace OvnNestApi.Schema;

/// <summary>An IPv4 address or subnet that a port can use besides its own address.</summary>
public readonly record struct AllowedAddress
{
    private const int ShortestPrefix = 8;

    private AllowedAddress(MacAddress? mac, Cidr range) => (Mac, Range) = (mac, range);

    /// <summary>MAC address that the port uses with the range; null for the port's own.</summary>
    public MacAddress? Mac { get; }

    /// <summary>The addresses; prefix length 32 for a single one.</summary>
    public Cidr Range { get; }

    /// <summary>True for a single address, false for a subnet.</summary>
    public bool IsSingle => Range.PrefixLength == 32;

    /// <summary>The range in the form of ovn-nb(5), column <c>port_security</c>.</summary>
    public string RangeText => IsSingle ? Range.Network.ToString() : Range.ToString();

    /// <summary>
    /// Parses an IPv4 address, or a subnet in canonical form with a prefix length of 8 to 31; a MAC address and a space can be before it.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out AllowedAddress allowed)
    {
        allowed = default;
        var words = text?.Split(' ') ?? [];
        MacAddress? mac = words is [var first, _] && MacAddress.TryParse(first, out var given) ? given : null;
        if (words.Length is not (1 or 2) || (words.Length == 2) != mac.HasValue || !TryParseRange(words[^1], out var range))
        {
            return false;
        }

        allowed = new(mac, range);
        return true;
    }

    /// <summary>Parses a stored value.</summary>
    /// <exception cref="FormatException">The text has another form.</exception>
    public static AllowedAddress Parse(string text) =>
        TryParse(text, out var allowed) ? allowed : throw new FormatException($"Not an allowed address: {text}");

    /// <summary>Returns the form that <see cref="TryParse"/> reads, with the MAC address in lower case.</summary>
    public override string ToString() => Mac is { } mac ? $"{mac} {RangeText}" : RangeText;

    private static bool TryParseRange(string text, out Cidr range) =>
        text.Contains('/', StringComparison.Ordinal)
            ? Cidr.TryParse(text, out range) && range.PrefixLength is >= ShortestPrefix and < 32
            : Cidr.TryParse($"{text}/32", out range);
}
