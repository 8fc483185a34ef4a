using System.Text.Json;

namespace Ovsdb;

/// <summary>The type of a column (RFC 7047 §3.2 <c>&lt;type&gt;</c>).</summary>
/// <param name="Key">The type of its atom, of a set's elements or of a map's keys.</param>
/// <param name="Value">The type of a map's values; null for what is not a map.</param>
/// <param name="Min">The least number of elements, 0 or 1.</param>
/// <param name="Max">The greatest number of elements; <see cref="int.MaxValue"/> for unlimited.</param>
public sealed record ColumnType(BaseType Key, BaseType? Value, int Min, int Max)
{
    /// <summary>True for a map.</summary>
    public bool IsMap => Value is not null;

    /// <summary>True for exactly one atom: neither optional nor a set or map.</summary>
    public bool IsScalar => Value is null && Min == 1 && Max == 1;

    /// <summary>What a new row holds whose insert does not name the column: empty, or zero, false, the empty text.</summary>
    public OvsdbValue Default { get; } = DefaultOf(Key, Value, Min);

    /// <summary>Why a column of this type cannot hold the value; null if it can.</summary>
    public string? Refuses(OvsdbValue value)
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
            return IsMap ? "not a map" : "a map";
        }

        return value.Kind switch
        {
            OvsdbKind.Map => RefusesPairs(value.MapContent().Pairs),
            OvsdbKind.Set => RefusesElements(value.SetContent()),
            _ => Key.Refuses(value),
        };
    }

    /// <summary>Values of one can be read as values of the other, whatever their limits.</summary>
    internal bool HasFormOf(ColumnType other) =>
        (Key.Type, Value?.Type, Min, Max) == (other.Key.Type, other.Value?.Type, other.Min, other.Max);

    internal static ColumnType Parse(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            return new ColumnType(BaseType.Parse(json), null, 1, 1);
        }

        var max =
            !json.TryGetProperty("max", out var upper) ? 1
            : (upper.ValueKind == JsonValueKind.String && upper.ValueEquals("unlimited")) ? int.MaxValue
            : upper.GetInt32();
        return new ColumnType(
            BaseType.Parse(json.GetProperty("key")),
            json.TryGetProperty("value", out var value) ? BaseType.Parse(value) : null,
            json.TryGetProperty("min", out var min) ? min.GetInt32() : 1,
            max
        );
    }

    // Before every write, so without what a query would allocate.
    private string? RefusesElements(AtomSet atoms)
    {
        for (var i = 0; i < atoms.Count; i++)
        {
            if (Key.Refuses(atoms[i]) is { } reason)
            {
                return reason;
            }
        }

        return null;
    }

    private string? RefusesPairs(ReadOnlySpan<KeyValuePair<OvsdbValue, OvsdbValue>> pairs)
    {
        foreach (var (key, value) in pairs)
        {
            if ((Key.Refuses(key) ?? Value?.Refuses(value)) is { } reason)
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
