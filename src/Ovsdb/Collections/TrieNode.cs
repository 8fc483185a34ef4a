using System.Numerics;

namespace Ovsdb;

/// <summary>The permission to change in place the nodes that were made with it, which nobody else has seen. Whoever hands out a map forgets it.</summary>
internal sealed class TrieEdit;

/// <summary>A node of a <see cref="HashTrie{TKey, TEntry}"/>: which of its 32 places are taken, and what is there, an entry or a node.
/// Below the last bit of the hash a node is a list of entries.</summary>
internal sealed class TrieNode(TrieEdit? maker, uint taken = 0, params object[] slots)
{
    private const int BitsPerLevel = 5;
    private const int HashBits = 32;

    private uint _taken = taken;

    public object[] Slots { get; private set; } = slots;

    /// <summary>The place of a hash in a node of this level, from the highest bits on; 0 where the hash has none left.</summary>
    public static uint BitOf(uint hash, int level) =>
        level * BitsPerLevel < HashBits ? 1u << (int)(hash << (level * BitsPerLevel) >> (HashBits - BitsPerLevel)) : 0;

    /// <summary>The node of these entries, of which there is at least one, and all that is below.</summary>
    public static TrieNode Of<TEntry>(ReadOnlySpan<uint> hashes, ReadOnlySpan<TEntry> entries, int level)
        where TEntry : class
    {
        if (BitOf(hashes[0], level) == 0)
        {
            return new TrieNode(null, 0, [.. entries]);
        }

        uint taken = 0;
        foreach (var hash in hashes)
        {
            taken |= BitOf(hash, level);
        }

        var slots = new object[BitOperations.PopCount(taken)];
        var from = 0;
        for (var i = 0; i < slots.Length; i++)
        {
            var to = from + 1;
            for (var bit = BitOf(hashes[from], level); to < hashes.Length && BitOf(hashes[to], level) == bit; )
            {
                to++;
            }

            slots[i] = to == from + 1 ? entries[from] : Of(hashes[from..to], entries[from..to], level + 1);
            from = to;
        }
        return new TrieNode(null, taken, slots);
    }

    /// <summary>Where the place of this bit is in <see cref="Slots"/>; -1 if it is free.</summary>
    public int IndexOf(uint bit) => (_taken & bit) != 0 ? BitOperations.PopCount(_taken & (bit - 1)) : -1;

    /// <summary>With a place taken that is free; bit 0 for the next of a list.</summary>
    public TrieNode With(uint bit, object slot, TrieEdit edit)
    {
        var at = bit != 0 ? BitOperations.PopCount(_taken & (bit - 1)) : Slots.Length;
        return Become(_taken | bit, [.. Slots.AsSpan(0, at), slot, .. Slots.AsSpan(at)], edit);
    }

    public TrieNode Without(uint bit, int at, TrieEdit edit) =>
        Become(_taken & ~bit, [.. Slots.AsSpan(0, at), .. Slots.AsSpan(at + 1)], edit);

    public TrieNode WithAt(int at, object slot, TrieEdit edit)
    {
        if (ReferenceEquals(Slots[at], slot))
        {
            return this;
        }

        if (maker != edit)
        {
            return new TrieNode(edit, _taken, [.. Slots.AsSpan(0, at), slot, .. Slots.AsSpan(at + 1)]);
        }

        Slots[at] = slot;
        return this;
    }

    private TrieNode Become(uint taken, object[] slots, TrieEdit edit)
    {
        if (maker != edit)
        {
            return new TrieNode(edit, taken, slots);
        }

        (_taken, Slots) = (taken, slots);
        return this;
    }
}
