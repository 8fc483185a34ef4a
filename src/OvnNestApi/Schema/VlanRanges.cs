using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace OvnNestApi.Schema;

/// <summary>The tags that may be chosen for a VM's containers, such as "100-199,300": ascending, disjoint ranges within 1–4094, at least one.</summary>
public sealed class VlanRanges
{
    /// <summary>The lowest and highest tag that a lease may have (IEEE 802.1Q: 0 and 4095 are no VLANs).</summary>
    public const int Lowest = 1,
        Highest = 4094;

    private VlanRanges(IReadOnlyList<(int Low, int High)> ranges) => Ranges = ranges;

    /// <summary>Both ends belong to the range.</summary>
    public IReadOnlyList<(int Low, int High)> Ranges { get; }

    /// <summary>How many tags there are.</summary>
    public int Count => Ranges.Sum(r => r.High - r.Low + 1);

    /// <summary>Reads a comma-separated list of tags and ranges in any order; what touches or overlaps becomes one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out VlanRanges? ranges)
    {
        ranges = null;
        if (text is null or { Length: 0 or > 4096 })
        {
            return false;
        }

        var parts = new List<(int Low, int High)>();
        foreach (var part in text.Split(','))
        {
            var ends = part.Trim().Split('-');
            if (ends.Length > 2 || !TryParseTag(ends[0], out var low) || !TryParseTag(ends[^1], out var high) || low > high)
            {
                return false;
            }

            parts.Add((low, high));
        }

        parts.Sort();
        var merged = new List<(int Low, int High)> { parts[0] };
        foreach (var (low, high) in parts.Skip(1))
        {
            if (low <= merged[^1].High + 1)
            {
                merged[^1] = (merged[^1].Low, Math.Max(high, merged[^1].High));
            }
            else
            {
                merged.Add((low, high));
            }
        }

        ranges = new(merged);
        return true;
    }

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static VlanRanges Parse(string canonical) =>
        TryParse(canonical, out var ranges) ? ranges : throw new FormatException($"No VLAN ranges: {canonical}");

    /// <summary>True if the tag is in one of the ranges.</summary>
    public bool Contains(int tag) => Ranges.Any(r => r.Low <= tag && tag <= r.High);

    /// <summary>The canonical form.</summary>
    public override string ToString() =>
        string.Join(
            ',',
            Ranges.Select(r =>
                r.Low == r.High
                    ? r.Low.ToString(CultureInfo.InvariantCulture)
                    : string.Create(CultureInfo.InvariantCulture, $"{r.Low}-{r.High}")
            )
        );

    private static bool TryParseTag(string text, out int tag) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out tag) && tag is >= Lowest and <= Highest;
}
