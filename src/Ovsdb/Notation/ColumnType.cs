namespace Ovsdb;

/// <summary>The type of a column (RFC 7047 §3.2 <c>&lt;type&gt;</c>).</summary>
/// <param name="Key">The type of the atom, of the elements of a set, or of the keys of a map.</param>
/// <param name="Value">The type of the values of a map; null if the column is not a map.</param>
/// <param name="Min">The minimum number of elements, 0 or 1.</param>
/// <param name="Max">The maximum number of elements; <see cref="int.MaxValue"/> if it is unlimited.</param>
public sealed record ColumnType(BaseType Key, BaseType? Value, int Min, int Max)
{
    /// <summary>True if the column is a map.</summary>
    public bool IsMap => Value is not null;

    /// <summary>True if the column always holds one atom: it is neither optional, nor a set, nor a map.</summary>
    public bool IsScalar => Value is null && Min == 1 && Max == 1;

    /// <summary>
    /// The value of the column in a new row whose insert does not set it: an empty set or map, 0, false, the empty string or the zero UUID.
    /// </summary>
    public OvsdbValue Default { get; } = DefaultOf(Key, Value, Min);

    /// <summary>Returns why a column of this type cannot hold the value; null if it can.</summary>
    public string? Validate(OvsdbValue value)
    {
        if (value.Count < Min || value.Count > Max)
        {
            return $"{value.Count} values, but {Min} to {(Max == int.MaxValue ? "unlimited" : Max)} are allowed";
        }

        if (value.IsEmpty)
        {
            return null;
        }

        if (IsMap != (value.Kind == OvsdbKind.Map))
        {
            return IsMap ? "the value must be a map" : "the value must not be a map";
        }

        return value.Kind switch
        {
            OvsdbKind.Map => ValidatePairs(value.MapContent().Pairs),
            OvsdbKind.Set => ValidateElements(value.SetContent()),
            _ => Key.Validate(value),
        };
    }

    /// <summary>Returns whether values of one type can be read as values of the other. Constraints of the base types are ignored.</summary>
    internal bool IsReadableAs(ColumnType other) =>
        (Key.Type, Value?.Type, Min, Max) == (other.Key.Type, other.Value?.Type, other.Min, other.Max);

    // A loop instead of a query: this runs before every write and must not allocate.
    private string? ValidateElements(AtomSet atoms)
    {
        for (var i = 0; i < atoms.Count; i++)
        {
            if (Key.Validate(atoms[i]) is { } reason)
            {
                return reason;
            }
        }

        return null;
    }

    private string? ValidatePairs(ReadOnlySpan<KeyValuePair<OvsdbValue, OvsdbValue>> pairs)
    {
        foreach (var (key, value) in pairs)
        {
            if ((Key.Validate(key) ?? Value?.Validate(value)) is { } reason)
            {
                return reason;
            }
        }

        return null;
    }

    private static OvsdbValue DefaultOf(BaseType key, BaseType? value, int min) =>
        (min, value) switch
        {
            (0, null) => OvsdbValue.Empty,
            (0, _) => OvsdbValue.EmptyMap,
            (_, null) => key.Default,
            (_, { } valueType) => OvsdbValue.MapOf([KeyValuePair.Create(key.Default, valueType.Default)]),
        };
}
