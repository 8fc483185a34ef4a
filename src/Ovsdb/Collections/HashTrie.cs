using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Ovsdb;

/// <summary>An entry of a <see cref="HashTrie{TKey, TEntry}"/>, which knows its key.</summary>
internal interface IKeyed<out TKey>
{
    TKey Key { get; }
}

/// <summary>
/// An immutable map of entries by key: a trie over the bits of the hash, five bits for each level (Bagwell, "Ideal Hash Trees"). A change
/// copies the nodes on the path from the root to the entry, a few hundred bytes, and shares the other nodes with the old map, which does
/// not change.
/// </summary>
internal readonly struct HashTrie<TKey, TEntry> : IReadOnlyDictionary<TKey, TEntry>
    where TKey : notnull
    where TEntry : class, IKeyed<TKey>
{
    private readonly TrieNode? _root;

    private HashTrie(TrieNode? root, int count) => (_root, Count) = (root, count);

    public int Count { get; }

    public IEnumerable<TKey> Keys => this.Select(pair => pair.Key);

    public IEnumerable<TEntry> Values => this.Select(pair => pair.Value);

    public TEntry this[TKey key] => Find(key) ?? throw new KeyNotFoundException($"The map has no entry with the key \"{key}\".");

    /// <summary>
    /// Creates a map from all its entries. This is many times faster than adding them one by one: it creates no intermediate maps and reads
    /// the memory in order.
    /// </summary>
    /// <param name="entries">The entries.</param>
    /// <param name="merge">Returns the entry to keep for two entries with the same key, in the order of the span.</param>
    public static HashTrie<TKey, TEntry> Create(ReadOnlySpan<TEntry> entries, Func<TEntry, TEntry, TEntry> merge)
    {
        // Sorts numbers that combine hash and position, because moving references is slower.
        var order = new ulong[entries.Length];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = ((ulong)(uint)entries[i].Key.GetHashCode() << 32) | (uint)i;
        }

        order.AsSpan().Sort();
        var (hashes, sorted) = (new uint[order.Length], new TEntry[order.Length]);
        var count = 0;
        foreach (var place in order)
        {
            var (hash, entry) = ((uint)(place >> 32), entries[(int)(uint)place]);
            var same = count - 1;
            while (same >= 0 && hashes[same] == hash && !sorted[same].Key.Equals(entry.Key))
            {
                same--;
            }

            if (same >= 0 && hashes[same] == hash)
            {
                sorted[same] = merge(sorted[same], entry);
            }
            else
            {
                (hashes[count], sorted[count++]) = (hash, entry);
            }
        }
        return count == 0 ? default : new(TrieNode.Create<TEntry>(hashes.AsSpan(0, count), sorted.AsSpan(0, count), 0), count);
    }

    /// <summary>Returns the entry with this key; null if there is none.</summary>
    public TEntry? Find(TKey key)
    {
        if (_root is not { } node)
        {
            return null;
        }

        var hash = (uint)key.GetHashCode();
        for (var level = 0; ; level++)
        {
            var i = IndexOf(node, TrieNode.BitOf(hash, level), key);
            if (i < 0)
            {
                return null;
            }

            if (node.Slots[i] is TrieNode below)
            {
                node = below;
            }
            else
            {
                return EntryAt(node, i) is var entry && entry.Key.Equals(key) ? entry : null;
            }
        }
    }

    /// <summary>Returns the map with this entry. It replaces the entry with the same key, if there is one.</summary>
    public HashTrie<TKey, TEntry> With(TEntry entry, TrieEdit edit)
    {
        var added = false;
        var root = Set(_root ?? new TrieNode(edit), (uint)entry.Key.GetHashCode(), 0, entry, edit, ref added);
        return new(root, added ? Count + 1 : Count);
    }

    /// <summary>Returns the map without the entry with this key.</summary>
    public HashTrie<TKey, TEntry> Without(TKey key, TrieEdit edit)
    {
        if (Find(key) is null || _root is null)
        {
            return this;
        }

        return Count == 1 ? default : new(Remove(_root, (uint)key.GetHashCode(), 0, key, edit), Count - 1);
    }

    public bool ContainsKey(TKey key) => Find(key) is not null;

    public bool TryGetValue(TKey key, [MaybeNullWhen(false)] out TEntry value) => (value = Find(key)) is not null;

    public IEnumerator<KeyValuePair<TKey, TEntry>> GetEnumerator()
    {
        if (_root is null)
        {
            yield break;
        }

        var path = new Stack<(TrieNode Node, int Next)>();
        path.Push((_root, 0));
        while (path.TryPop(out var place))
        {
            var (node, next) = place;
            if (next == node.Slots.Length)
            {
                continue;
            }

            path.Push((node, next + 1));
            if (node.Slots[next] is TrieNode below)
            {
                path.Push((below, 0));
            }
            else
            {
                yield return KeyValuePair.Create(EntryAt(node, next).Key, EntryAt(node, next));
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static TEntry EntryAt(TrieNode node, int i) => (TEntry)node.Slots[i];

    private static int IndexOf(TrieNode node, uint bit, TKey key)
    {
        if (bit != 0)
        {
            return node.IndexOf(bit);
        }

        for (var i = 0; i < node.Slots.Length; i++)
        {
            if (EntryAt(node, i).Key.Equals(key))
            {
                return i;
            }
        }

        return -1;
    }

    private static TrieNode Set(TrieNode node, uint hash, int level, TEntry entry, TrieEdit edit, ref bool added)
    {
        var bit = TrieNode.BitOf(hash, level);
        var i = IndexOf(node, bit, entry.Key);
        if (i < 0)
        {
            added = true;
            return node.With(bit, entry, edit);
        }
        if (node.Slots[i] is TrieNode below)
        {
            return node.WithAt(i, Set(below, hash, level + 1, entry, edit, ref added), edit);
        }

        var present = EntryAt(node, i);
        if (present.Key.Equals(entry.Key))
        {
            return node.WithAt(i, entry, edit);
        }

        below = Set(new TrieNode(edit), (uint)present.Key.GetHashCode(), level + 1, present, edit, ref added);
        return node.WithAt(i, Set(below, hash, level + 1, entry, edit, ref added), edit);
    }

    /// <summary>Removes an entry, which must exist.</summary>
    private static TrieNode Remove(TrieNode node, uint hash, int level, TKey key, TrieEdit edit)
    {
        var bit = TrieNode.BitOf(hash, level);
        var i = IndexOf(node, bit, key);
        if (node.Slots[i] is not TrieNode below)
        {
            return node.Without(bit, i, edit);
        }

        below = Remove(below, hash, level + 1, key, edit);
        // A node with a single entry is replaced by the entry.
        return node.WithAt(i, below.Slots is [TEntry last] ? last : below, edit);
    }
}
