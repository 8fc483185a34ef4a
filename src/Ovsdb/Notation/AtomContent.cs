namespace Ovsdb;

/// <summary>The content of an atom whose value is in its bits, one for each kind.</summary>
internal sealed class Marker
{
    public static readonly Marker Integer = new(OvsdbKind.Integer);
    public static readonly Marker Real = new(OvsdbKind.Real);
    public static readonly Marker Boolean = new(OvsdbKind.Boolean);
    public static readonly Marker Uuid = new(OvsdbKind.Uuid);

    private Marker(OvsdbKind kind) => Kind = kind;

    public OvsdbKind Kind { get; }
}

/// <summary>The content of a named uuid.</summary>
internal sealed record NamedUuidName(string Name)
{
    public override string ToString() => Name;
}
