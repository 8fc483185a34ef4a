namespace Ovsdb;

/// <summary>Applies what a <c>modify</c> says of a column (ovsdb-server(7) §4.1.14).</summary>
internal static class ColumnDifference
{
    /// <summary>For a column of at most one element the new value; else what only one of the two sets has, or the pairs that differ.</summary>
    public static OvsdbValue Apply(OvsdbValue value, OvsdbValue difference, ColumnType? type)
    {
        if (type is not { Max: > 1 })
        {
            return difference;
        }

        return type.IsMap ? Pairs(value.MapContent().Pairs, difference.MapContent().Pairs) : Elements(value.AsSet(), difference.AsSet());
    }

    private static OvsdbValue Elements(IReadOnlyList<OvsdbValue> elements, IReadOnlyList<OvsdbValue> difference)
    {
        // Both ascend. A switch has thousands of ports of which one changes: it is searched for, and what lies between is copied, not compared.
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

    private static OvsdbValue Pairs(
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

    /// <summary>The first place from here on whose element is not less.</summary>
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
