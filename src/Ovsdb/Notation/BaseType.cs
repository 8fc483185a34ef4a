using System.Text.Json;

namespace Ovsdb;

/// <summary>The type of an atom and its limits (RFC 7047 §3.2 <c>&lt;base-type&gt;</c>); a limit is null where there is none.</summary>
/// <param name="Type">The kind of atom.</param>
public sealed record BaseType(OvsdbKind Type)
{
    /// <summary>The only values allowed; null for any.</summary>
    public IReadOnlyList<OvsdbValue>? Enum { get; init; }

    /// <summary>The least integer.</summary>
    public long? MinInteger { get; init; }

    /// <summary>The greatest integer.</summary>
    public long? MaxInteger { get; init; }

    /// <summary>The least real.</summary>
    public double? MinReal { get; init; }

    /// <summary>The greatest real.</summary>
    public double? MaxReal { get; init; }

    /// <summary>The shortest text, in characters (code points).</summary>
    public int? MinLength { get; init; }

    /// <summary>The longest text, in characters (code points).</summary>
    public int? MaxLength { get; init; }

    /// <summary>The table that a uuid points into.</summary>
    public string? RefTable { get; init; }

    /// <summary>True for a reference that does not keep its row alive.</summary>
    public bool IsWeakReference { get; init; }

    /// <summary>The value of a new row that does not name the column.</summary>
    public OvsdbValue Default =>
        Type switch
        {
            OvsdbKind.Integer => 0,
            OvsdbKind.Real => 0.0,
            OvsdbKind.Boolean => false,
            OvsdbKind.Uuid => Guid.Empty,
            _ => "",
        };

    internal string? Refuses(OvsdbValue atom)
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
            return $"{atom} is outside the limits";
        }

        return Enum is null || Enum.Contains(atom) ? null : $"{atom} is not one of {string.Join(", ", Enum)}";
    }

    internal static BaseType Parse(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.String)
        {
            return new BaseType(KindOf(json.GetString()));
        }

        var type = new BaseType(KindOf(json.GetProperty("type").GetString()));
        return type with
        {
            Enum = json.TryGetProperty("enum", out var allowed)
                ? ValueReader.Parse(allowed.GetRawText(), new ColumnType(type, null, 1, int.MaxValue)).AsSet()
                : null,
            MinInteger = json.TryGetProperty("minInteger", out var minInteger) ? minInteger.GetInt64() : null,
            MaxInteger = json.TryGetProperty("maxInteger", out var maxInteger) ? maxInteger.GetInt64() : null,
            MinReal = json.TryGetProperty("minReal", out var minReal) ? minReal.GetDouble() : null,
            MaxReal = json.TryGetProperty("maxReal", out var maxReal) ? maxReal.GetDouble() : null,
            MinLength = json.TryGetProperty("minLength", out var minLength) ? minLength.GetInt32() : null,
            MaxLength = json.TryGetProperty("maxLength", out var maxLength) ? maxLength.GetInt32() : null,
            RefTable = json.TryGetProperty("refTable", out var refTable) ? refTable.GetString() : null,
            IsWeakReference = json.TryGetProperty("refType", out var refType) && refType.ValueEquals("weak"),
        };
    }

    private static OvsdbKind KindOf(string? type) =>
        type switch
        {
            "integer" => OvsdbKind.Integer,
            "real" => OvsdbKind.Real,
            "boolean" => OvsdbKind.Boolean,
            "string" => OvsdbKind.String,
            "uuid" => OvsdbKind.Uuid,
            _ => throw new JsonException($"\"{type}\" is not an atomic type (RFC 7047 §3.2)."),
        };
}
