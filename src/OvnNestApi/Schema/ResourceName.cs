using System.Text.RegularExpressions;

namespace OvnNestApi.Schema;

/// <summary>
/// Rules for names that clients give to resources: an RFC 1123 label, that is 1 to 63 lower-case letters, digits and inner dashes.
/// </summary>
public static partial class ResourceName
{
    /// <summary>Regular expression of a valid name, also shown in the OpenAPI document.</summary>
    public const string Pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";

    /// <summary>The rule in words, for error messages; without a full stop.</summary>
    public const string Rule = "1 to 63 lower-case letters, digits and inner dashes are expected";

    /// <summary>Returns true if <paramref name="name"/> is a valid name of a resource.</summary>
    public static bool IsValid(string? name) => name is not null && Expression().IsMatch(name) && !name.EndsWith('\n');

    /// <summary>Returns true if a valid name can start with <paramref name="text"/>.</summary>
    public static bool IsPrefix(string text) => text.Length > 0 && (IsValid(text) || (text.Length < 63 && IsValid(text + "0")));

    [GeneratedRegex(Pattern, RegexOptions.CultureInvariant)]
    private static partial Regex Expression();
}
