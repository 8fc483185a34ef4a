using System.Runtime.CompilerServices;

namespace Ovsdb;

/// <summary>
/// An atom, a set or a map (RFC 7047 §5.1), immutable. A set with one element equals that element. The order of elements does not matter.
/// The empty map equals the empty set. The integer 1 equals the real 1.0. The default value is the empty set.
/// </summary>
public readonly struct OvsdbValue : IEquatable<OvsdbValue>
{
    // A server writes 15 significant digits. Outside this range the rounded number overflows or becomes subnormal.
    private const double LeastReal = 2.22507385850721e-308;
    private const double GreatestReal = 1.79769313486231e+308;

    // A value has 24 bytes, and numbers, booleans and UUIDs need no allocation: a copy of 100,000 rows holds millions of values.
    // _content is null for the empty set, or a string, NamedUuidName, AtomSet or AtomMap, or the Marker of the kind of atom that is
    // in _bits.
    private readonly object? _content;
    private readonly Bits _bits;

    private OvsdbValue(object? content, Bits bits = default) => (_content, _bits) = (content, bits);

    /// <summary>The empty set. It is also the value of an optional column that is not set.</summary>
    public static OvsdbValue Empty => default;

    /// <summary>The empty map. It equals <see cref="Empty"/>, but is sent as a map even if the schema is not known.</summary>
    public static OvsdbValue EmptyMap { get; } = new(AtomMap.Empty);

    /// <summary>The kind of this value.</summary>
    public OvsdbKind Kind =>
        _content switch
        {
            null or AtomSet => OvsdbKind.Set,
            string => OvsdbKind.String,
            Marker marker => marker.Kind,
            AtomMap => OvsdbKind.Map,
            _ => OvsdbKind.NamedUuid,
        };

    /// <summary>True for the empty set and the empty map.</summary>
    public bool IsEmpty => _content is null || _content is AtomMap { Count: 0 };

    /// <summary>True for an atom, false for a map, the empty set and a set with two or more elements.</summary>
    public bool IsAtom => _content is not (null or AtomSet or AtomMap);

    /// <summary>The number of elements of a set or pairs of a map; 1 for an atom.</summary>
    public int Count =>
        _content switch
        {
            null => 0,
            AtomSet set => set.Count,
            AtomMap map => map.Count,
            _ => 1,
        };

    /// <summary>A string atom.</summary>
    /// <exception cref="ArgumentException">The string contains U+0000 or half of a surrogate pair. A server closes the connection when it
    /// receives such a string.</exception>
    public static implicit operator OvsdbValue(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (!StringContent.IsValid(value))
        {
            throw new ArgumentException("OVSDB cannot store a string with U+0000 or half of a surrogate pair.", nameof(value));
        }

        return new(value);
    }

    /// <summary>An integer atom.</summary>
    public static implicit operator OvsdbValue(long value) => new(Marker.Integer, new Bits((ulong)value, 0));

    /// <summary>An integer atom.</summary>
    public static implicit operator OvsdbValue(int value) => (long)value;

    /// <summary>A boolean atom.</summary>
    public static implicit operator OvsdbValue(bool value) => new(Marker.Boolean, new Bits(value ? 1UL : 0, 0));

    /// <summary>A reference to a row.</summary>
    public static implicit operator OvsdbValue(Guid value) => new(Marker.Uuid, Unsafe.BitCast<Guid, Bits>(value));

    /// <summary>A real atom. A server keeps the exact number in memory, but sends and saves only 15 significant digits.</summary>
    /// <exception cref="ArgumentException">The number is not finite, or rounding it to 15 digits gives a number outside the range
    /// of a real. A server closes the connection when it receives such a number, or cannot read its own database file
    /// again.</exception>
    public static implicit operator OvsdbValue(double value) =>
        value == 0 || Math.Abs(value) is >= LeastReal and <= GreatestReal
            ? Trusted(value)
            : throw new ArgumentException(
                $"{value:R} is not a valid OVSDB real: use 0, or an absolute value from {LeastReal:R} to {GreatestReal:R}.",
                nameof(value)
            );

    /// <summary>A reference to the row that an insert of the same transaction names with this <c>uuid-name</c>.</summary>
    public static OvsdbValue NamedUuid(string name) => new(new NamedUuidName(name));

    /// <summary>A set of atoms. Duplicates are removed.</summary>
    /// <exception cref="ArgumentException">An element is not an atom.</exception>
    public static OvsdbValue Set(IEnumerable<OvsdbValue> atoms) => FromSet(atoms.ToArray());

    /// <inheritdoc cref="Set(IEnumerable{OvsdbValue})"/>
    public static OvsdbValue Set(IEnumerable<string> atoms) => FromSet(atoms.Select(atom => (OvsdbValue)atom).ToArray());

    /// <inheritdoc cref="Set(IEnumerable{OvsdbValue})"/>
    public static OvsdbValue Set(IEnumerable<Guid> atoms) => FromSet(atoms.Select(atom => (OvsdbValue)atom).ToArray());

    /// <inheritdoc cref="Set(IEnumerable{OvsdbValue})"/>
    public static OvsdbValue Set(IEnumerable<long> atoms) => FromSet(atoms.Select(atom => (OvsdbValue)atom).ToArray());

    /// <summary>A map of string to string.</summary>
    /// <exception cref="ArgumentException">A key occurs twice.</exception>
    public static OvsdbValue Map(IEnumerable<KeyValuePair<string, string>> pairs) =>
        FromMap(pairs.Select(pair => KeyValuePair.Create((OvsdbValue)pair.Key, (OvsdbValue)pair.Value)).ToArray());

    /// <summary>A map of atoms to atoms.</summary>
    /// <exception cref="ArgumentException">A key occurs twice, or a key or value is not an atom.</exception>
    public static OvsdbValue MapOf(IEnumerable<KeyValuePair<OvsdbValue, OvsdbValue>> pairs) => FromMap(pairs.ToArray());

    /// <summary>The value of an optional column: the atom, or the empty set for null.</summary>
    public static OvsdbValue Optional(long? value) => value is { } atom ? atom : Empty;

    /// <inheritdoc cref="Optional(long?)"/>
    public static OvsdbValue Optional(string? value) => value is { } atom ? atom : Empty;

    /// <inheritdoc cref="Optional(long?)"/>
    public static OvsdbValue Optional(bool? value) => value is { } atom ? atom : Empty;

    /// <inheritdoc cref="Optional(long?)"/>
    public static OvsdbValue Optional(Guid? value) => value is { } atom ? atom : Empty;

    /// <summary>The string of a string atom.</summary>
    /// <exception cref="InvalidOperationException">The value has another kind.</exception>
    public string AsString() => _content as string ?? throw IsNot("a string");

    /// <summary>The number of an integer atom.</summary>
    /// <exception cref="InvalidOperationException">The value has another kind.</exception>
    public long AsInteger() => ReferenceEquals(_content, Marker.Integer) ? (long)_bits.High : throw IsNot("an integer");

    /// <summary>The number of a real or integer atom.</summary>
    /// <exception cref="InvalidOperationException">The value has another kind.</exception>
    public double AsReal() =>
        _content switch
        {
            Marker { Kind: OvsdbKind.Real } => BitConverter.UInt64BitsToDouble(_bits.High),
            Marker { Kind: OvsdbKind.Integer } => (long)_bits.High,
            _ => throw IsNot("a real"),
        };

    /// <summary>The boolean of a boolean atom.</summary>
    /// <exception cref="InvalidOperationException">The value has another kind.</exception>
    public bool AsBoolean() => ReferenceEquals(_content, Marker.Boolean) ? _bits.High != 0 : throw IsNot("a boolean");

    /// <summary>The UUID of a UUID atom.</summary>
    /// <exception cref="InvalidOperationException">The value has another kind.</exception>
    public Guid AsUuid() => ReferenceEquals(_content, Marker.Uuid) ? Unsafe.BitCast<Bits, Guid>(_bits) : throw IsNot("a UUID");

    /// <summary>The name of a named UUID.</summary>
    /// <exception cref="InvalidOperationException">The value has another kind.</exception>
    public string AsNamedUuid() => _content is NamedUuidName name ? name.Name : throw IsNot("a named UUID");

    /// <summary>The string, or null for the empty set.</summary>
    /// <exception cref="InvalidOperationException">The value has another kind.</exception>
    public string? AsOptionalString() => IsEmpty ? null : AsString();

    /// <summary>The number, or null for the empty set.</summary>
    /// <exception cref="InvalidOperationException">The value has another kind.</exception>
    public long? AsOptionalInteger() => IsEmpty ? null : AsInteger();

    /// <summary>The boolean, or null for the empty set.</summary>
    /// <exception cref="InvalidOperationException">The value has another kind.</exception>
    public bool? AsOptionalBoolean() => IsEmpty ? null : AsBoolean();

    /// <summary>The UUID, or null for the empty set.</summary>
    /// <exception cref="InvalidOperationException">The value has another kind.</exception>
    public Guid? AsOptionalUuid() => IsEmpty ? null : AsUuid();

    /// <summary>The elements, in a fixed order. An atom is a set with one element.</summary>
    /// <exception cref="InvalidOperationException">The value is a map that is not empty.</exception>
    public IReadOnlyList<OvsdbValue> AsSet() =>
        _content switch
        {
            null or AtomMap { Count: 0 } => [],
            AtomSet set => set,
            AtomMap => throw IsNot("a set"),
            _ => [this],
        };

    /// <summary>Returns whether the set contains the atom. This is a binary search: it takes 14 comparisons for a set of 10,000
    /// elements.</summary>
    public bool Contains(OvsdbValue atom) => _content is AtomSet set ? set.Contains(atom) : !IsEmpty && CompareTo(atom) == 0;

    /// <summary>The elements of a set of strings.</summary>
    /// <exception cref="InvalidOperationException">An element is not a string.</exception>
    public IReadOnlySet<string> AsStringSet() => AsSet().Select(atom => atom.AsString()).ToHashSet(StringComparer.Ordinal);

    /// <summary>The elements of a set of row references.</summary>
    /// <exception cref="InvalidOperationException">An element is not a uuid.</exception>
    public IReadOnlySet<Guid> AsUuidSet() => AsSet().Select(atom => atom.AsUuid()).ToHashSet();

    /// <summary>The elements of a set of integers.</summary>
    /// <exception cref="InvalidOperationException">An element is not an integer.</exception>
    public IReadOnlySet<long> AsIntegerSet() => AsSet().Select(atom => atom.AsInteger()).ToHashSet();

    /// <summary>The pairs of a map.</summary>
    /// <exception cref="InvalidOperationException">The value is neither a map nor empty.</exception>
    public IReadOnlyDictionary<OvsdbValue, OvsdbValue> AsMap() => MapContent();

    /// <summary>The pairs of a map of string to string. Reading a key or value that is not a string throws.</summary>
    /// <exception cref="InvalidOperationException">The value is neither a map nor empty.</exception>
    public IReadOnlyDictionary<string, string> AsStringMap() => MapContent().Strings;

    /// <summary>Returns whether both values are equal.</summary>
    public bool Equals(OvsdbValue other) => CompareTo(other) == 0;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is OvsdbValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() =>
        _content switch
        {
            null => 0,
            string text => text.GetHashCode(StringComparison.Ordinal),
            Marker { Kind: OvsdbKind.Real or OvsdbKind.Integer } => AsReal().GetHashCode(), // an integer equals the same real
            Marker => _bits.GetHashCode(),
            _ => _content.GetHashCode(),
        };

    /// <summary>A total order, by which the elements of sets and maps are sorted. The order has no meaning to users.</summary>
    internal int CompareTo(OvsdbValue other)
    {
        if (ReferenceEquals(_content, other._content) && _content is not Marker)
        {
            return 0;
        }

        if (_content is string a && other._content is string b)
        {
            return string.CompareOrdinal(a, b);
        }

        return ValueOrder.Compare(this, other);
    }

    /// <summary>Returns whether both values are equal.</summary>
    public static bool operator ==(OvsdbValue left, OvsdbValue right) => left.Equals(right);

    /// <summary>Returns whether the values differ.</summary>
    public static bool operator !=(OvsdbValue left, OvsdbValue right) => !left.Equals(right);

    /// <summary>The value as the command-line tools print it: <c>[a, b]</c>, <c>{key=value}</c>, strings in quotes.</summary>
    public override string ToString() =>
        _content switch
        {
            null => "[]",
            string text => $"\"{text}\"",
            Marker { Kind: OvsdbKind.Integer } => AsInteger().ToString(System.Globalization.CultureInfo.InvariantCulture),
            Marker { Kind: OvsdbKind.Real } => AsReal().ToString("R", System.Globalization.CultureInfo.InvariantCulture),
            Marker { Kind: OvsdbKind.Boolean } => _bits.High != 0 ? "true" : "false",
            Marker => AsUuid().ToString(),
            _ => _content.ToString() ?? "",
        };

    /// <summary>A string that a server sent, and that is therefore valid.</summary>
    internal static OvsdbValue Trusted(string text) => new(text);

    /// <summary>A real that a server sent. Rounding by the server may have moved it out of the range.</summary>
    internal static OvsdbValue Trusted(double real) =>
        new(Marker.Real, new Bits(BitConverter.DoubleToUInt64Bits(Math.Clamp(real, double.MinValue, double.MaxValue)), 0));

    /// <summary>A set of these atoms. The caller must not use the array afterwards.</summary>
    internal static OvsdbValue FromSet(OvsdbValue[] atoms) => FromAscending(AtomSet.Normalize(atoms));

    /// <summary>A set of these distinct atoms in ascending order. The caller must not use the array afterwards.</summary>
    internal static OvsdbValue FromAscending(OvsdbValue[] atoms) =>
        atoms switch
        {
            [] => Empty,
            [var one] => one,
            var several => new(new AtomSet(several)),
        };

    /// <summary>A map of these pairs. The caller must not use the array afterwards.</summary>
    internal static OvsdbValue FromMap(KeyValuePair<OvsdbValue, OvsdbValue>[] pairs) =>
        pairs.Length == 0 ? EmptyMap : new(new AtomMap(AtomMap.Normalize(pairs)));

    internal AtomSet SetContent() => _content as AtomSet ?? throw IsNot("a set with two or more elements");

    internal AtomMap MapContent() =>
        _content switch
        {
            null => AtomMap.Empty,
            AtomMap map => map,
            _ => throw IsNot("a map"),
        };

    private InvalidOperationException IsNot(string wanted) => new($"The OVSDB value {this} is not {wanted}.");

    private readonly record struct Bits(ulong High, ulong Low);
}
