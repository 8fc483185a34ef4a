using System.Text;
using System.Text.Json;

namespace Ovsdb.Wire;

/// <summary>
/// Gives strings that were read lately without making them anew: map keys, types and owners repeat in every row.
/// A table without chains, so that strings that do not repeat only push each other out. For one reader at a time.
/// </summary>
internal sealed class StringPool
{
    private const int Size = 4096;
    private const int LongestKept = 64;

    private readonly string?[] _strings = new string?[Size];

    /// <summary>The text of the string or property name that the reader stands on.</summary>
    public string Read(ref Utf8JsonReader reader)
    {
        if (reader.HasValueSequence || reader.ValueIsEscaped || reader.ValueSpan.Length > LongestKept)
            return reader.GetString() ?? "";
        var text = reader.ValueSpan;
        if (text.IsEmpty)
            return "";
        var hash = new HashCode();
        hash.AddBytes(text);
        ref var slot = ref _strings[(uint)hash.ToHashCode() % Size];
        if (slot is not null && slot.Length == text.Length && Ascii.Equals(text, slot))
            return slot;
        return slot = reader.GetString() ?? "";
    }
}
