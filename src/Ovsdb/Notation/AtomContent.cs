namespace Ovsdb;

/// <summary>The content of an atom whose value is stored in the bits of its <see cref="OvsdbValue"/>: one instance for each kind.</summary>
internal sealed class Marker
{
    public static readonly Marker Integer = new(OvsdbKind.Integer);
    public static readonly Marker Real = new(OvsdbKind.Real);
    public static readonly Marker Boolean = new(OvsdbKind.Boolean);
    public static readonly Marker Uuid = new(OvsdbKind.Uuid);

    private Marker(OvsdbKind kind) => Kind = kind;

    public OvsdbKind Kind { get; }
}

/// <summary>The content of a named UUID.</summary>
internal sealed record NamedUuidName(string Name)
{
    public override string ToString() => Name;
}
