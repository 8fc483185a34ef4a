using System.Diagnostics.CodeAnalysis;

namespace Ovsdb;

/// <summary>
/// The kind of an <see cref="OvsdbValue"/> (RFC 7047 §5.1). Atoms of different kinds in one set are sorted in the order of this
/// enumeration.
/// </summary>
[SuppressMessage("Naming", "CA1720", Justification = "The names are those of RFC 7047.")]
public enum OvsdbKind
{
    /// <summary>A set without elements, or with two or more. A set with one element has the kind of its element.</summary>
    Set,

    /// <summary>A map from atoms to atoms.</summary>
    Map,

    /// <summary>A 64-bit signed integer.</summary>
    Integer,

    /// <summary>A finite 64-bit floating point number.</summary>
    Real,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>A string.</summary>
    String,

    /// <summary>The UUID of a row.</summary>
    Uuid,

    /// <summary>A reference by name to a row that the same transaction inserts (<c>uuid-name</c>).</summary>
    NamedUuid,
}
