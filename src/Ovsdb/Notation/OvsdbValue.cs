using System.Runtime.CompilerServices;
using System.Text;

namespace Ovsdb;

/// <summary>
/// An atom, a set or a map (RFC 7047 §5.1), immutable. A set of one <i>is</i> its bare atom; the elements of sets and maps have no order;
/// the empty map equals the empty set; the integer 1 equals the real 1.0. The default value is the empty set.
/// </summary>
public readonly struct OvsdbValue : IEquatable<OvsdbValue>
{
    private const double LeastReal = 2.22507385850721e-308;
    private const double GreatestReal = 1.79769313486231e+308;

    // 24 bytes and no allocation for numbers, booleans and UUIDs: a copy of 100,000 rows holds some millions of these.
    // The content is null for the empty set; a string; a NamedUuidName; an AtomSet; an AtomMap; else the marker of the kind whose bits follow.
    private readonly object? _content;
    private readonly Bits _bits;

    private OvsdbValue(object? content, Bits bits = default) => (_content, _bits) = (content, bits);

    /// <summary>The empty set, which is also the value of an optional column that is not set.</summary>
    public static OvsdbValue Empty => default;

    /// <summary>The empty map. Equal to <see cref="Empty"/>, but written as a map even where the schema is not known.</summary>
    public static OvsdbValue EmptyMap { get; } = new(AtomMap.None);

    /// <summary>What this value holds.</summary>
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

    /// <summary>True unless this is a map or a set of none or several.</summary>
    public bool IsAtom => _content is not (null or AtomSet or AtomMap);

    /// <summary>The number of elements: 1 for an atom.</summary>
    public int Count =>
        _content switch
        {
            null => 0,
            AtomSet set => set.Count,
            AtomMap map => map.Count,
            _ => 1,
        };

    /// <summary>Text as an atom.</summary>
    /// <exception cref="ArgumentException">The text holds U+0000 or half a surrogate pair: an OVSDB server would end the connection on it.</exception>
    public static implicit operator OvsdbValue(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.Contains('\0') || (!Ascii.IsValid(value) && !IsWellFormed(value)))
        {
            throw new ArgumentException("OVSDB text cannot hold U+0000 or half a surrogate pair.", nameof(value));
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

    /// <summary>A real atom. A server stores it as it is but tells, and writes to its disk, 15 significant digits of it.</summary>
    /// <exception cref="ArgumentException">The number is not finite, or so near to the end of the range that those 15 digits lie beyond it: a server of
    /// today would end the connection on it, or not be able to read its own file any more.</exception>
    public static implicit operator OvsdbValue(double value) =>
        value == 0 || Math.Abs(value) is >= LeastReal and <= GreatestReal
            ? Trusted(value)
            : throw new ArgumentException(
                $"An OVSDB real is finite, and either 0 or between {LeastReal:R} and {GreatestReal:R} or their negatives.",
                nameof(value)
            );

    /// <summary>A reference to the row that an insert of the same transaction makes under this <c>uuid-name</c>.</summary>
    public static OvsdbValue NamedUuid(string name) => new(new NamedUuidName(name));

    /// <summary>A set of these atoms; duplicates fall together, one alone is itself.</summary>
    /// <exception cref="ArgumentException">An element is not an atom.</exception>
    public static OvsdbValue Set(IEnumerable<OvsdbValue> atoms) => FromSet(atoms.ToArray());

    /// <inheritdoc cref="Set(IEnumerable{OvsdbValue})"/>
    public static OvsdbValue Set(IEnumerable<string> atoms) => FromSet(atoms.Select(atom => (OvsdbValue)atom).ToArray());

    /// <inheritdoc cref="Set(IEnumerable{OvsdbValue})"/>
    public static OvsdbValue Set(IEnumerable<Guid> atoms) => FromSet(atoms.Select(atom => (OvsdbValue)atom).ToArray());

    /// <inheritdoc cref="Set(IEnumerable{OvsdbValue})"/>
    public static OvsdbValue Set(IEnumerable<long> atoms) => FromSet(atoms.Select(atom => (OvsdbValue)atom).ToArray());

    /// <summary>A map of text to text.</summary>
    /// <exception cref="ArgumentException">A key occurs twice.</exception>
    public static OvsdbValue Map(IEnumerable<KeyValuePair<string, string>> pairs) =>
        FromMap(pairs.Select(pair => KeyValuePair.Create((OvsdbValue)pair.Key, (OvsdbValue)pair.Value)).ToArray());

    /// <summary>A map of atoms to atoms.</summary>
    /// <exception cref="ArgumentException">A key occurs twice, or a key or value is not an atom.</exception>
    public static OvsdbValue MapOf(IEnumerable<KeyValuePair<OvsdbValue, OvsdbValue>> pairs) => FromMap(pairs.ToArray());

    /// <summary>An optional column's value: the atom, or the empty set for null.</summary>
    public static OvsdbValue Optional(long? value) => value is { } atom ? atom : Empty;

    /// <inheritdoc cref="Optional(long?)"/>
    public static OvsdbValue Optional(string? value) => value is { } atom ? atom : Empty;

    /// <inheritdoc cref="Optional(long?)"/>
    public static OvsdbValue Optional(bool? value) => value is { } atom ? atom : Empty;

    /// <inheritdoc cref="Optional(long?)"/>
    public static OvsdbValue Optional(Guid? value) => value is { } atom ? atom : Empty;

    /// <summary>The text of a string atom.</summary>
    /// <exception cref="InvalidOperationException">The value is something else.</exception>
    public string AsString() => _content as string ?? throw IsNot("a string");

    /// <summary>The number of an integer atom.</summary>
    /// <exception cref="InvalidOperationException">The value is something else.</exception>
    public long AsInteger() => ReferenceEquals(_content, Marker.Integer) ? (long)_bits.High : throw IsNot("an integer");

    /// <summary>The number of a real or integer atom.</summary>
    /// <exception cref="InvalidOperationException">The value is something else.</exception>
    public double AsReal() =>
        ReferenceEquals(_content, Marker.Real) ? BitConverter.UInt64BitsToDouble(_bits.High)
        : ReferenceEquals(_content, Marker.Integer) ? (long)_bits.High
        : throw IsNot("a real");

    /// <summary>The truth of a boolean atom.</summary>
    /// <exception cref="InvalidOperationException">The value is something else.</exception>
    public bool AsBoolean() => ReferenceEquals(_content, Marker.Boolean) ? _bits.High != 0 : throw IsNot("a boolean");

    /// <summary>The UUID of a uuid atom.</summary>
    /// <exception cref="InvalidOperationException">The value is something else.</exception>
    public Guid AsUuid() => ReferenceEquals(_content, Marker.Uuid) ? Unsafe.BitCast<Bits, Guid>(_bits) : throw IsNot("a uuid");

    /// <summary>The name of a named uuid.</summary>
    /// <exception cref="InvalidOperationException">The value is something else.</exception>
    public string AsNamedUuid() => _content is NamedUuidName name ? name.Name : throw IsNot("a named uuid");

    /// <summary>The text, or null for the empty set.</summary>
    /// <exception cref="InvalidOperationException">The value is something else.</exception>
    public string? AsOptionalString() => IsEmpty ? null : AsString();

    /// <summary>The number, or null for the empty set.</summary>
    /// <exception cref="InvalidOperationException">The value is something else.</exception>
    public long? AsOptionalInteger() => IsEmpty ? null : AsInteger();

    /// <summary>The truth, or null for the empty set.</summary>
    /// <exception cref="InvalidOperationException">The value is something else.</exception>
    public bool? AsOptionalBoolean() => IsEmpty ? null : AsBoolean();

    /// <summary>The UUID, or null for the empty set.</summary>
    /// <exception cref="InvalidOperationException">The value is something else.</exception>
    public Guid? AsOptionalUuid() => IsEmpty ? null : AsUuid();

    /// <summary>The elements, in a fixed order; an atom is a set of one.</summary>
    /// <exception cref="InvalidOperationException">The value is a map with content.</exception>
    public IReadOnlyList<OvsdbValue> AsSet() =>
        _content switch
        {
            null or AtomMap { Count: 0 } => [],
            AtomSet set => set,
            AtomMap => throw IsNot("a set"),
            _ => [this],
        };

    /// <summary>Whether the set, or set of one, has this atom: a binary search, so that asking one element of 10,000 costs a few comparisons.</summary>
    public bool Contains(OvsdbValue atom) => _content is AtomSet set ? set.Contains(atom) : !IsEmpty && CompareTo(atom) == 0;

    /// <summary>The elements of a set of text.</summary>
    /// <exception cref="InvalidOperationException">An element is not text.</exception>
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

    /// <summary>The pairs of a map of text to text. Reading a key that is not text throws.</summary>
    /// <exception cref="InvalidOperationException">The value is neither a map nor empty.</exception>
    public IReadOnlyDictionary<string, string> AsStringMap() => MapContent().Strings;

    /// <summary>Both hold the same.</summary>
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

    /// <summary>A total order that makes sets and maps comparable; it has no meaning of its own.</summary>
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

        var (kind, otherKind) = (Kind, other.Kind);
        if (IsEmpty || other.IsEmpty)
        {
            return Count.CompareTo(other.Count);
        }

        if (kind != otherKind)
        {
            return (kind, otherKind) switch
            {
                (OvsdbKind.Integer, OvsdbKind.Real) => CompareNumbers(AsInteger(), other.AsReal()),
                (OvsdbKind.Real, OvsdbKind.Integer) => -CompareNumbers(other.AsInteger(), AsReal()),
                _ => kind.CompareTo(otherKind),
            };
        }

        return kind switch
        {
            OvsdbKind.Integer => AsInteger().CompareTo(other.AsInteger()),
            OvsdbKind.Real => AsReal().CompareTo(other.AsReal()),
            OvsdbKind.Boolean => AsBoolean().CompareTo(other.AsBoolean()),
            OvsdbKind.Uuid => AsUuid().CompareTo(other.AsUuid()),
            OvsdbKind.NamedUuid => string.CompareOrdinal(AsNamedUuid(), other.AsNamedUuid()),
            OvsdbKind.Map => MapContent().CompareTo(other.MapContent()),
            _ => SetContent().CompareTo(other.SetContent()),
        };
    }

    /// <summary>Both hold the same.</summary>
    public static bool operator ==(OvsdbValue left, OvsdbValue right) => left.Equals(right);

    /// <summary>They differ.</summary>
    public static bool operator !=(OvsdbValue left, OvsdbValue right) => !left.Equals(right);

    /// <summary>Readable text, as the command-line tools print it: <c>[a, b]</c>, <c>{key=value}</c>, bare atoms; text in quotes.</summary>
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

    /// <summary>A string that came from a server: already valid.</summary>
    internal static OvsdbValue Trusted(string text) => new(text);

    /// <summary>A real that came from a server, which may round it out of the range.</summary>
    internal static OvsdbValue Trusted(double real) =>
        new(Marker.Real, new Bits(BitConverter.DoubleToUInt64Bits(Math.Clamp(real, double.MinValue, double.MaxValue)), 0));

    /// <summary>A set that takes over the array.</summary>
    internal static OvsdbValue FromSet(OvsdbValue[] atoms) => FromAscending(AtomSet.Normalize(atoms));

    /// <summary>A set that takes over the array of distinct atoms in ascending order.</summary>
    internal static OvsdbValue FromAscending(OvsdbValue[] atoms) =>
        atoms switch
        {
            [] => Empty,
            [var one] => one,
            var several => new(new AtomSet(several)),
        };

    /// <summary>A map that takes over the array.</summary>
    internal static OvsdbValue FromMap(KeyValuePair<OvsdbValue, OvsdbValue>[] pairs) =>
        pairs.Length == 0 ? EmptyMap : new(new AtomMap(AtomMap.Normalize(pairs)));

    internal AtomSet SetContent() => _content as AtomSet ?? throw IsNot("a set of several");

    internal AtomMap MapContent() =>
        _content switch
        {
            null => AtomMap.None,
            AtomMap map => map,
            _ => throw IsNot("a map"),
        };

    // Exact, so that order and equality stay transitive beyond 2^53.
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

    private static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[++i])))
            {
                return false;
            }
        }

        return true;
    }

    private InvalidOperationException IsNot(string wanted) => new($"The OVSDB value {this} is not {wanted}.");

    private readonly record struct Bits(ulong High, ulong Low);
}
