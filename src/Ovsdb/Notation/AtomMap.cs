using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Ovsdb;

/// <summary>The content of a map: pairs in ascending order of their keys, found by binary search.</summary>
internal sealed class AtomMap(KeyValuePair<OvsdbValue, OvsdbValue>[] pairs) : IReadOnlyDictionary<OvsdbValue, OvsdbValue>
{
    public static readonly AtomMap Empty = new([]);

    public int Count => pairs.Length;

    public IEnumerable<OvsdbValue> Keys => pairs.Select(pair => pair.Key);

    public IEnumerable<OvsdbValue> Values => pairs.Select(pair => pair.Value);

    /// <summary>The same map as a map of string to string.</summary>
    public IReadOnlyDictionary<string, string> Strings => field ??= new StringMap(this);

    public ReadOnlySpan<KeyValuePair<OvsdbValue, OvsdbValue>> Pairs => pairs;

    public OvsdbValue this[OvsdbValue key] =>
        TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"The map has no key {key}.");

    /// <summary>Sorts the array by key, in place. Servers send sorted maps, so the usual cost is one pass over the array.</summary>
    public static KeyValuePair<OvsdbValue, OvsdbValue>[] Normalize(KeyValuePair<OvsdbValue, OvsdbValue>[] pairs)
    {
        var ascending = true;
        for (var i = 0; i < pairs.Length; i++)
        {
            if (!pairs[i].Key.IsAtom || !pairs[i].Value.IsAtom)
            {
                throw new ArgumentException($"{pairs[i]} is not a pair of atoms: the keys and values of an OVSDB map must be atoms.");
            }

            ascending = ascending && (i == 0 || pairs[i - 1].Key.CompareTo(pairs[i].Key) < 0);
        }
        if (ascending)
        {
            return pairs;
        }

        Array.Sort(pairs, static (a, b) => a.Key.CompareTo(b.Key));
        for (var i = 1; i < pairs.Length; i++)
        {
            if (pairs[i - 1].Key == pairs[i].Key)
            {
                throw new ArgumentException($"The map contains the key {pairs[i].Key} twice.");
            }
        }

        return pairs;
    }

    public bool ContainsKey(OvsdbValue key) => Find(key) >= 0;

    public bool TryGetValue(OvsdbValue key, [MaybeNullWhen(false)] out OvsdbValue value)
    {
        var i = Find(key);
        value = i >= 0 ? pairs[i].Value : default;
        return i >= 0;
    }

    public int CompareTo(AtomMap other)
    {
        if (Count != other.Count)
        {
            return Count.CompareTo(other.Count);
        }

        for (var i = 0; i < pairs.Length; i++)
        {
            var theirs = other.Pairs[i];
            if (pairs[i].Key.CompareTo(theirs.Key) is var keys and not 0)
            {
                return keys;
            }

            if (pairs[i].Value.CompareTo(theirs.Value) is var values and not 0)
            {
                return values;
            }
        }
        return 0;
    }

    public override bool Equals(object? obj) => obj is AtomMap other && CompareTo(other) == 0;

    public override int GetHashCode()
    {
        if (pairs.Length == 0)
        {
            return 0; // the empty map equals the empty set and must have the same hash
        }

        var hash = new HashCode();
        foreach (var (key, value) in pairs)
        {
            hash.Add(key);
            hash.Add(value);
        }
        return hash.ToHashCode();
    }

    public IEnumerator<KeyValuePair<OvsdbValue, OvsdbValue>> GetEnumerator() =>
        ((IEnumerable<KeyValuePair<OvsdbValue, OvsdbValue>>)pairs).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => $"{{{string.Join(", ", pairs.Select(pair => $"{pair.Key}={pair.Value}"))}}}";

    private int Find(OvsdbValue key)
    {
        var (low, high) = (0, pairs.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >> 1;
            var order = pairs[middle].Key.CompareTo(key);
            if (order == 0)
            {
                return middle;
            }

            if (order < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }
        return -1;
    }

    private sealed class StringMap(AtomMap map) : IReadOnlyDictionary<string, string>
    {
        public int Count => map.Count;

        public IEnumerable<string> Keys => map.Keys.Select(key => key.AsString());

        public IEnumerable<string> Values => map.Values.Select(value => value.AsString());

        public string this[string key] =>
            TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"The map has no key \"{key}\".");

        public bool ContainsKey(string key) => map.Find(OvsdbValue.Trusted(key)) >= 0;

        public bool TryGetValue(string key, [MaybeNullWhen(false)] out string value)
        {
            var i = map.Find(OvsdbValue.Trusted(key));
            value = i >= 0 ? map.Pairs[i].Value.AsString() : null;
            return i >= 0;
        }

        public IEnumerator<KeyValuePair<string, string>> GetEnumerator() =>
            map.Select(pair => KeyValuePair.Create(pair.Key.AsString(), pair.Value.AsString())).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
