using System.Collections;

namespace Ovsdb;

/// <summary>
/// The content of a set with two or more elements: distinct atoms in ascending order, so that sets are compared and merged in linear time.
/// </summary>
internal sealed class AtomSet(OvsdbValue[] atoms) : IReadOnlyList<OvsdbValue>
{
    public int Count => atoms.Length;

    public OvsdbValue this[int index] => atoms[index];

    /// <summary>Sorts the array and removes duplicates. Servers send sorted sets, so the usual cost is one pass over the array.</summary>
    public static OvsdbValue[] Normalize(OvsdbValue[] atoms)
    {
        var ascending = true;
        for (var i = 0; i < atoms.Length; i++)
        {
            if (!atoms[i].IsAtom)
            {
                throw new ArgumentException($"{atoms[i]} is not an atom: the elements of an OVSDB set must be atoms.");
            }

            ascending = ascending && (i == 0 || atoms[i - 1].CompareTo(atoms[i]) < 0);
        }
        if (ascending)
        {
            return atoms;
        }

        Array.Sort(atoms, static (a, b) => a.CompareTo(b));
        var distinct = 1;
        for (var i = 1; i < atoms.Length; i++)
        {
            if (atoms[distinct - 1] != atoms[i])
            {
                atoms[distinct++] = atoms[i];
            }
        }

        return distinct == atoms.Length ? atoms : atoms[..distinct];
    }

    public bool Contains(OvsdbValue atom) => atoms.AsSpan().BinarySearch(new SearchKey(atom)) >= 0;

    public int CompareTo(AtomSet other)
    {
        if (Count != other.Count)
        {
            return Count.CompareTo(other.Count);
        }

        for (var i = 0; i < atoms.Length; i++)
        {
            if (atoms[i].CompareTo(other[i]) is var order and not 0)
            {
                return order;
            }
        }

        return 0;
    }

    public override bool Equals(object? obj) => obj is AtomSet other && CompareTo(other) == 0;

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var atom in atoms)
        {
            hash.Add(atom);
        }

        return hash.ToHashCode();
    }

    public IEnumerator<OvsdbValue> GetEnumerator() => ((IEnumerable<OvsdbValue>)atoms).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => $"[{string.Join(", ", atoms)}]";

    private readonly struct SearchKey(OvsdbValue atom) : IComparable<OvsdbValue>
    {
        private readonly OvsdbValue _atom = atom;

        public int CompareTo(OvsdbValue other) => _atom.CompareTo(other);
    }
}
