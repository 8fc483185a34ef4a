namespace Ovsdb;

/// <summary>
/// The type of an atom and its constraints (RFC 7047 §3.2 <c>&lt;base-type&gt;</c>). A constraint is null if the type does not have it.
/// </summary>
/// <param name="Type">The kind of atom.</param>
public sealed record BaseType(OvsdbKind Type)
{
    /// <summary>The allowed values; null if every value is allowed.</summary>
    public IReadOnlyList<OvsdbValue>? Enum { get; init; }

    /// <summary>The smallest allowed integer.</summary>
    public long? MinInteger { get; init; }

    /// <summary>The largest allowed integer.</summary>
    public long? MaxInteger { get; init; }

    /// <summary>The smallest allowed real.</summary>
    public double? MinReal { get; init; }

    /// <summary>The largest allowed real.</summary>
    public double? MaxReal { get; init; }

    /// <summary>The minimum length of a string, in code points.</summary>
    public int? MinLength { get; init; }

    /// <summary>The maximum length of a string, in code points.</summary>
    public int? MaxLength { get; init; }

    /// <summary>The table whose rows a UUID refers to.</summary>
    public string? RefTable { get; init; }

    /// <summary>True if the reference is weak: it does not prevent the deletion of the row.</summary>
    public bool IsWeakReference { get; init; }

    /// <summary>The value of the column in a new row whose insert does not set it.</summary>
    public OvsdbValue Default =>
        Type switch
        {
            OvsdbKind.Integer => 0,
            OvsdbKind.Real => 0.0,
            OvsdbKind.Boolean => false,
            OvsdbKind.Uuid => Guid.Empty,
            _ => "",
        };

    /// <summary>Returns why the atom is not valid for this type; null if it is.</summary>
    internal string? Validate(OvsdbValue atom)
    {
        var kind = atom.Kind;
        if (kind != Type && (Type, kind) is not ((OvsdbKind.Real, OvsdbKind.Integer) or (OvsdbKind.Uuid, OvsdbKind.NamedUuid)))
        {
            return $"{atom} is not a {Type.ToString().ToLowerInvariant()}";
        }

        var outside = Type switch
        {
            OvsdbKind.Integer => atom.AsInteger() < MinInteger || atom.AsInteger() > MaxInteger,
            OvsdbKind.Real => atom.AsReal() < MinReal || atom.AsReal() > MaxReal,
            OvsdbKind.String when MinLength is not null || MaxLength is not null => atom.AsString().EnumerateRunes().Count() is var length
                && (length < MinLength || length > MaxLength),
            _ => false,
        };
        if (outside)
        {
            return $"{atom} is out of range";
        }

        return Enum is null || Enum.Contains(atom) ? null : $"{atom} is not one of {string.Join(", ", Enum)}";
    }
}
