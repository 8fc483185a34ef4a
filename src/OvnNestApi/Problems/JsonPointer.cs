using System.Globalization;

namespace OvnNestApi.Problems;

/// <summary>A place in a body, as a URI fragment (RFC 6901 §6).</summary>
/// <param name="Text">The pointer.</param>
/// <param name="Name">Its last part as it is in the body.</param>
internal readonly record struct JsonPointer(string Text, string Name)
{
    private const int LongestName = 100;

    /// <summary>The whole body.</summary>
    public static JsonPointer Root => new("#", "the body");

    public JsonPointer To(string field)
    {
        var name = field.Length > LongestName ? field[..LongestName] : field;
        return new(
            $"{Text}/{Uri.EscapeDataString(name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal))}",
            name
        );
    }

    public JsonPointer To(int index) => To(index.ToString(CultureInfo.InvariantCulture));

    public FieldError Error(string detail) => new(Text, detail);
}
