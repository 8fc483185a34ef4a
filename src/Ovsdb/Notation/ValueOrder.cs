namespace Ovsdb;

/// <summary>
/// The total order of values: empty values first, then by kind, then by content. An integer and a real are compared as numbers.
/// </summary>
internal static class ValueOrder
{
    public static int Compare(OvsdbValue left, OvsdbValue right)
    {
        if (left.IsEmpty || right.IsEmpty)
        {
            return left.Count.CompareTo(right.Count);
        }

        return (left.Kind, right.Kind) switch
        {
            (OvsdbKind.Integer, OvsdbKind.Real) => CompareNumbers(left.AsInteger(), right.AsReal()),
            (OvsdbKind.Real, OvsdbKind.Integer) => -CompareNumbers(right.AsInteger(), left.AsReal()),
            var (kind, otherKind) when kind != otherKind => kind.CompareTo(otherKind),
            (OvsdbKind.Integer, _) => left.AsInteger().CompareTo(right.AsInteger()),
            (OvsdbKind.Real, _) => left.AsReal().CompareTo(right.AsReal()),
            (OvsdbKind.Boolean, _) => left.AsBoolean().CompareTo(right.AsBoolean()),
            (OvsdbKind.String, _) => string.CompareOrdinal(left.AsString(), right.AsString()),
            (OvsdbKind.Uuid, _) => left.AsUuid().CompareTo(right.AsUuid()),
            (OvsdbKind.NamedUuid, _) => string.CompareOrdinal(left.AsNamedUuid(), right.AsNamedUuid()),
            (OvsdbKind.Map, _) => left.MapContent().CompareTo(right.MapContent()),
            _ => left.SetContent().CompareTo(right.SetContent()),
        };
    }

    /// <summary>Compares without rounding: converting the integer to a real would make different numbers above 2^53 equal.</summary>
    private static int CompareNumbers(long integer, double real)
    {
        if (real >= long.MaxValue)
        {
            return -1;
        }

        if (real < long.MinValue)
        {
            return 1;
        }

        var floor = Math.Floor(real);
        var order = integer.CompareTo((long)floor);
        return order == 0 && real > floor ? -1 : order;
    }
}
