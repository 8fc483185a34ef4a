using System.Text;
using System.Text.Json;

namespace Ovsdb;

/// <summary>
/// What reading one value leaves for the next. Strings that were read lately are not made anew: map keys, types and owners repeat in every row
/// (a table without chains, so that strings that do not repeat only push each other out). For one reader at a time.
/// </summary>
internal sealed class ReadingPool
{
    private const int Size = 4096;
    private const int LongestKept = 64;

    private readonly string?[] _strings = new string?[Size];

    /// <summary>Room for the elements of the set being read.</summary>
    public List<OvsdbValue> Atoms { get; } = [];

    /// <summary>Room for the pairs of the map being read.</summary>
    public List<KeyValuePair<OvsdbValue, OvsdbValue>> Pairs { get; } = [];

    /// <summary>The text of the string or property name that the reader stands on.</summary>
    public string Read(ref Utf8JsonReader reader)
    {
        if (reader.HasValueSequence || reader.ValueIsEscaped || reader.ValueSpan.Length > LongestKept)
        {
            return reader.GetString() ?? "";
        }

        var text = reader.ValueSpan;
        if (text.IsEmpty)
        {
            return "";
        }

        var hash = new HashCode();
        hash.AddBytes(text);
        ref var slot = ref _strings[(uint)hash.ToHashCode() % Size];
        if (slot is not null && slot.Length == text.Length && Ascii.Equals(text, slot))
        {
            return slot;
        }

        return slot = reader.GetString() ?? "";
    }
}
