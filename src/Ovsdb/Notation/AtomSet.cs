using System.Collections;

namespace Ovsdb;

/// <summary>The content of a set of two and more: distinct atoms in ascending order, which makes comparing and merging linear.</summary>
internal sealed class AtomSet(OvsdbValue[] atoms) : IReadOnlyList<OvsdbValue>
{
    public int Count => atoms.Length;

    public OvsdbValue this[int index] => atoms[index];

    /// <summary>Sorts and removes duplicates. Servers send sets sorted, so the common case is one look over the array.</summary>
    public static OvsdbValue[] Normalize(OvsdbValue[] atoms)
    {
        var ascending = true;
        for (var i = 0; i < atoms.Length; i++)
        {
            if (!atoms[i].IsAtom)
            {
                throw new ArgumentException($"{atoms[i]} is not an atom; only atoms can be in an OVSDB set.");
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

    public bool Contains(OvsdbValue atom) => atoms.AsSpan().BinarySearch(new Sought(atom)) >= 0;

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

    private readonly struct Sought(OvsdbValue atom) : IComparable<OvsdbValue>
    {
        private readonly OvsdbValue _atom = atom;

        public int CompareTo(OvsdbValue other) => _atom.CompareTo(other);
    }
}
