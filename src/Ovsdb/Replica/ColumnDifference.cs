namespace Ovsdb;

/// <summary>Applies the difference of a column in a <c>modify</c> (ovsdb-server(7) §4.1.14).</summary>
internal static class ColumnDifference
{
    /// <summary>
    /// Returns the new value of a column. The difference of a column with at most one element is the new value; of a set, the elements that
    /// are in only one of the two sets; of a map, the pairs that differ.
    /// </summary>
    public static OvsdbValue Apply(OvsdbValue value, OvsdbValue difference, ColumnType? type)
    {
        if (type is not { Max: > 1 })
        {
            return difference;
        }

        return type.IsMap
            ? ApplyToMap(value.MapContent().Pairs, difference.MapContent().Pairs)
            : ApplyToSet(value.AsSet(), difference.AsSet());
    }

    private static OvsdbValue ApplyToSet(IReadOnlyList<OvsdbValue> elements, IReadOnlyList<OvsdbValue> difference)
    {
        // Both lists ascend. Often one of thousands of elements changes, so each change is found by binary search; the elements
        // between are copied without comparing.
        var result = new List<OvsdbValue>(elements.Count + difference.Count);
        var from = 0;
        foreach (var changed in difference)
        {
            var place = Find(elements, from, changed);
            for (; from < place; from++)
            {
                result.Add(elements[from]);
            }

            if (place < elements.Count && elements[place] == changed)
            {
                from++;
            }
            else
            {
                result.Add(changed);
            }
        }
        for (; from < elements.Count; from++)
        {
            result.Add(elements[from]);
        }

        return OvsdbValue.FromAscending([.. result]);
    }

    private static OvsdbValue ApplyToMap(
        ReadOnlySpan<KeyValuePair<OvsdbValue, OvsdbValue>> pairs,
        ReadOnlySpan<KeyValuePair<OvsdbValue, OvsdbValue>> difference
    )
    {
        var result = new List<KeyValuePair<OvsdbValue, OvsdbValue>>(pairs.Length + difference.Length);
        var from = 0;
        foreach (var changed in difference)
        {
            for (; from < pairs.Length && pairs[from].Key.CompareTo(changed.Key) < 0; from++)
            {
                result.Add(pairs[from]);
            }

            var present = from < pairs.Length && pairs[from].Key == changed.Key;
            if (!present || pairs[from].Value != changed.Value)
            {
                result.Add(changed);
            }

            if (present)
            {
                from++;
            }
        }
        result.AddRange(pairs[from..]);
        return OvsdbValue.FromMap([.. result]);
    }

    /// <summary>Returns the index of the first element from the given index that is not less than the wanted one.</summary>
    private static int Find(IReadOnlyList<OvsdbValue> elements, int from, OvsdbValue wanted)
    {
        var (low, high) = (from, elements.Count);
        while (low < high)
        {
            var middle = (low + high) >> 1;
            if (elements[middle].CompareTo(wanted) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }
}
