using System.Diagnostics.CodeAnalysis;

namespace Ovsdb;

/// <summary>What an <see cref="OvsdbValue"/> holds (RFC 7047 §5.1). The order is the order of values of different kinds in a set.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "The names of RFC 7047.")]
public enum OvsdbKind
{
    /// <summary>A set of no element, or of two and more. A set of one is its element.</summary>
    Set,

    /// <summary>A map from atoms to atoms.</summary>
    Map,

    /// <summary>A 64-bit signed integer.</summary>
    Integer,

    /// <summary>A finite 64-bit floating point number.</summary>
    Real,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>Text.</summary>
    String,

    /// <summary>The UUID of a row.</summary>
    Uuid,

    /// <summary>The name that an insert of the same transaction gave to its row (<c>uuid-name</c>).</summary>
    NamedUuid,
}
