using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace OvnNestApi.Schema;

/// <summary>
/// Tags that can be allocated to the containers of a VM, such as "100-199,300": one or more ascending, disjoint ranges within 1–4094.
/// </summary>
public sealed class VlanRanges
{
    /// <summary>Lowest and highest valid tag (IEEE 802.1Q reserves 0 and 4095).</summary>
    public const int Lowest = 1,
        Highest = 4094;

    private VlanRanges(IReadOnlyList<(int Low, int High)> ranges) => Ranges = ranges;

    /// <summary>The ranges, both ends included.</summary>
    public IReadOnlyList<(int Low, int High)> Ranges { get; }

    /// <summary>Number of tags in all ranges.</summary>
    public int Count => Ranges.Sum(r => r.High - r.Low + 1);

    /// <summary>Parses a comma-separated list of tags and ranges in any order. Adjacent and overlapping ranges are merged.</summary>
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

    /// <summary>Parses the canonical form, as returned by <see cref="ToString"/>.</summary>
    /// <exception cref="FormatException">The text is not valid.</exception>
    public static VlanRanges Parse(string canonical) =>
        TryParse(canonical, out var ranges) ? ranges : throw new FormatException($"The VLAN ranges {canonical} are not valid.");

    /// <summary>Returns true if the tag is in one of the ranges.</summary>
    public bool Contains(int tag) => Ranges.Any(r => r.Low <= tag && tag <= r.High);

    /// <summary>Returns the canonical form.</summary>
    public override string ToString() =>
        string.Join(
            ',',
            Ranges.Select(r =>
                r.Low == r.High
                    ? r.Low.ToString(CultureInfo.InvariantCulture)
                    : string.Create(CultureInfo.InvariantCulture, $"{r.Low}-{r.High}")
            )
        );

    /// <summary>Returns the ranges as a literal of PostgreSQL's type <c>int4multirange</c>.</summary>
    public string ToMultirange() =>
        $"{{{string.Join(',', Ranges.Select(r => string.Create(CultureInfo.InvariantCulture, $"[{r.Low},{r.High}]")))}}}";

    private static bool TryParseTag(string text, out int tag) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out tag) && tag is >= Lowest and <= Highest;
}
