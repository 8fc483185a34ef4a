using System.Numerics;

namespace Ovsdb;

/// <summary>
/// A token that allows changing nodes in place: those that were created with it and are not yet visible to readers. It must be dropped
/// before the map is published.
/// </summary>
internal sealed class TrieEdit;

/// <summary>
/// A node of a <see cref="HashTrie{TKey, TEntry}"/>: a bit mask of the used ones of its 32 places, and an entry or a node for each used
/// place. Below the last bits of the hash, a node is a list of entries with the same hash.
/// </summary>
internal sealed class TrieNode(TrieEdit? owner, uint used = 0, params object[] slots)
{
    private const int BitsPerLevel = 5;
    private const int HashBits = 32;

    private uint _used = used;

    public object[] Slots { get; private set; } = slots;

    /// <summary>
    /// Returns the bit of a hash's place in a node of this level, counted from the highest bits of the hash; 0 if the level is below the
    /// last bits.
    /// </summary>
    public static uint BitOf(uint hash, int level) =>
        level * BitsPerLevel < HashBits ? 1u << (int)(hash << (level * BitsPerLevel) >> (HashBits - BitsPerLevel)) : 0;

    /// <summary>Creates a node with these entries, and the nodes below it. The hashes must ascend; there must be at least one.</summary>
    public static TrieNode Create<TEntry>(ReadOnlySpan<uint> hashes, ReadOnlySpan<TEntry> entries, int level)
        where TEntry : class
    {
        if (BitOf(hashes[0], level) == 0)
        {
            return new TrieNode(null, 0, [.. entries]);
        }

        uint used = 0;
        foreach (var hash in hashes)
        {
            used |= BitOf(hash, level);
        }

        var slots = new object[BitOperations.PopCount(used)];
        var from = 0;
        for (var i = 0; i < slots.Length; i++)
        {
            var to = from + 1;
            for (var bit = BitOf(hashes[from], level); to < hashes.Length && BitOf(hashes[to], level) == bit; )
            {
                to++;
            }

            slots[i] = to == from + 1 ? entries[from] : Create(hashes[from..to], entries[from..to], level + 1);
            from = to;
        }
        return new TrieNode(null, used, slots);
    }

    /// <summary>Returns the index in <see cref="Slots"/> of the place with this bit; -1 if the place is free.</summary>
    public int IndexOf(uint bit) => (_used & bit) != 0 ? BitOperations.PopCount(_used & (bit - 1)) : -1;

    /// <summary>Returns the node with an entry or node added in a free place; bit 0 appends to a list.</summary>
    public TrieNode With(uint bit, object slot, TrieEdit edit)
    {
        var at = bit != 0 ? BitOperations.PopCount(_used & (bit - 1)) : Slots.Length;
        return Change(_used | bit, [.. Slots.AsSpan(0, at), slot, .. Slots.AsSpan(at)], edit);
    }

    /// <summary>Returns the node without the place with this bit, which has this index in <see cref="Slots"/>.</summary>
    public TrieNode Without(uint bit, int at, TrieEdit edit) =>
        Change(_used & ~bit, [.. Slots.AsSpan(0, at), .. Slots.AsSpan(at + 1)], edit);

    /// <summary>Returns the node with another entry or node at this index of <see cref="Slots"/>.</summary>
    public TrieNode WithAt(int at, object slot, TrieEdit edit)
    {
        if (ReferenceEquals(Slots[at], slot))
        {
            return this;
        }

        if (owner != edit)
        {
            return new TrieNode(edit, _used, [.. Slots.AsSpan(0, at), slot, .. Slots.AsSpan(at + 1)]);
        }

        Slots[at] = slot;
        return this;
    }

    private TrieNode Change(uint used, object[] slots, TrieEdit edit)
    {
        if (owner != edit)
        {
            return new TrieNode(edit, used, slots);
        }

        (_used, Slots) = (used, slots);
        return this;
    }
}
