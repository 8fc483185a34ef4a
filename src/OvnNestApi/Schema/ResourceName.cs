using System.Text.RegularExpressions;

namespace OvnNestApi.Schema;

/// <summary>A name that a client gives to an object: lower-case letters, digits and inner dashes, 1 to 63 of them (RFC 1123 label).</summary>
public static partial class ResourceName
{
    /// <summary>The pattern, as the OpenAPI document shows it.</summary>
    public const string Pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";

    /// <summary>True if <paramref name="name"/> may name an object.</summary>
    public static bool IsValid(string? name) => name is not null && Expression().IsMatch(name) && !name.EndsWith('\n');

    [GeneratedRegex(Pattern, RegexOptions.CultureInvariant)]
    private static partial Regex Expression();
}
