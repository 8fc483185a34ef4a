using System.Globalization;

namespace OvnNestApi.Problems;

/// <summary>JSON pointer to a place in a body, as a URI fragment (RFC 6901 §6).</summary>
/// <param name="Text">Pointer, such as "#/spec/vlan".</param>
/// <param name="Name">Last part of the pointer, unescaped; at most 100 characters.</param>
internal readonly record struct JsonPointer(string Text, string Name)
{
    private const int LongestName = 100;

    /// <summary>Pointer to the whole body.</summary>
    public static JsonPointer Root => new("#", "the body");

    /// <summary>Returns the pointer to a field of the object at this place. A longer field name is cut.</summary>
    public JsonPointer To(string field)
    {
        var name = field.Length > LongestName ? field[..LongestName] : field;
        var escaped = name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
        return new($"{Text}/{Uri.EscapeDataString(escaped)}", name);
    }

    /// <summary>Returns the pointer to an item of the array at this place.</summary>
    public JsonPointer To(int index) => To(index.ToString(CultureInfo.InvariantCulture));

    /// <summary>Returns an error at this place.</summary>
    public FieldError Error(string detail) => new(Text, detail);
}
