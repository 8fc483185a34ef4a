using System.Diagnostics.CodeAnalysis;

namespace OvnNestApi.Schema;

/// <summary>Range of IPv4 addresses, both ends included.</summary>
public readonly record struct AddressRange
{
    private AddressRange(Ipv4 first, Ipv4 last) => (First, Last) = (first, last);

    /// <summary>First address.</summary>
    public Ipv4 First { get; }

    /// <summary>Last address, not lower than <see cref="First"/>.</summary>
    public Ipv4 Last { get; }

    /// <summary>Parses "172.16.255.140-172.16.255.150" or a single address.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out AddressRange range)
    {
        range = default;
        var ends = text?.Split('-', 2) ?? [];
        if (
            ends is not [var low, ..]
            || ends is not [.., var high]
            || !Ipv4.TryParse(low, out var first)
            || !Ipv4.TryParse(high, out var last)
            || first > last
        )
        {
            return false;
        }

        range = new(first, last);
        return true;
    }

    /// <summary>Returns the form that <see cref="TryParse"/> reads.</summary>
    public override string ToString() => First == Last ? First.ToString() : $"{First}-{Last}";
}
