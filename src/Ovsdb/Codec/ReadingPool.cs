using System.Text;
using System.Text.Json;

namespace Ovsdb;

/// <summary>
/// Strings and buffers that one read loop uses again, to allocate less. Map keys, types and owners repeat in every row, so recently read
/// strings are kept in a hash table with one slot for each hash: a string that does not repeat only evicts another. Not safe for concurrent
/// use.
/// </summary>
internal sealed class ReadingPool
{
    private const int Size = 4096;
    private const int LongestKept = 64;

    private readonly string?[] _strings = new string?[Size];

    /// <summary>A buffer for the elements of the set that is being read.</summary>
    public List<OvsdbValue> Atoms { get; } = [];

    /// <summary>A buffer for the pairs of the map that is being read.</summary>
    public List<KeyValuePair<OvsdbValue, OvsdbValue>> Pairs { get; } = [];

    /// <summary>Returns the string or property name that the reader is on.</summary>
    public string ReadString(ref Utf8JsonReader reader)
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
