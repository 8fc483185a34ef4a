using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using OvnNestApi.Schema;

namespace OvnNestApi.Http;

/// <summary>
/// A string must match a pattern as a whole (an empty one too, unlike the base class); null is left to <see cref="RequiredAttribute"/>.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public class PatternAttribute : RegularExpressionAttribute
{
    private readonly Regex _expression;

    /// <param name="pattern">Anchored with ^ and $.</param>
    /// <param name="expected">The refusal, as a sentence without an end.</param>
    public PatternAttribute(string pattern, string expected)
        : base(pattern)
    {
        ErrorMessage = expected;

        // $ would also match before a last line feed.
        _expression = new(pattern[..^1] + @"\z", RegexOptions.CultureInvariant | RegexOptions.Compiled, TimeSpan.FromSeconds(1));
    }

    /// <inheritdoc/>
    public override bool IsValid(object? value) => value is null || (value is string text && _expression.IsMatch(text));
}

/// <summary>A name of one of our objects, <see cref="ResourceName"/>.</summary>
public sealed class ValidNameAttribute()
    : PatternAttribute(ResourceName.Pattern, "1 to 63 lower-case letters, digits and inner dashes are expected");

/// <summary>
/// A device, bridge or namespace: at most 15 bytes (IFNAMSIZ), and only characters that no program takes for anything else.
/// </summary>
public sealed class DeviceNameAttribute()
    : PatternAttribute(
        "^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$",
        "1 to 15 letters, digits, dots, dashes and underscores are expected, the first a letter or digit"
    );

/// <summary>A logical port's name.</summary>
public sealed class PortNameAttribute()
    : PatternAttribute(
        "^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$",
        "1 to 255 letters, digits, dots, dashes and underscores are expected, the first a letter or digit"
    );

/// <summary>Text for people: no control characters but line feed and tab.</summary>
public sealed class ProseAttribute()
    : PatternAttribute(
        @"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]{0,1024}$",
        "at most 1024 characters of text without control characters are expected"
    );

/// <summary>A rule for the keys of a map.</summary>
[AttributeUsage(AttributeTargets.Property)]
public abstract class KeyRuleAttribute : ValidationAttribute
{
    internal abstract string Refusal { get; }

    internal abstract bool Admits(string key);

    /// <inheritdoc/>
    public override bool IsValid(object? value) => true;
}

/// <summary>
/// A label's key as in Kubernetes: an optional DNS prefix and a slash, then 1 to 63 letters, digits, dashes, dots, underscores.
/// </summary>
public sealed partial class LabelKeyAttribute : KeyRuleAttribute
{
    internal override string Refusal =>
        "a label's key is an optional DNS name and a slash, then 1 to 63 letters, digits, inner dashes, dots and underscores";

    internal override bool Admits(string key) => Expression().IsMatch(key);

    [GeneratedRegex(
        @"^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Expression();
}

/// <summary>A label's value as in Kubernetes: empty, or 1 to 63 letters, digits, inner dashes, dots and underscores.</summary>
public sealed class LabelValueAttribute()
    : PatternAttribute(
        "^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$",
        "a label's value is empty, or 1 to 63 letters, digits, inner dashes, dots and underscores"
    );

/// <summary>A whole number within bounds.</summary>
public sealed class BetweenAttribute : RangeAttribute
{
    public BetweenAttribute(int minimum, int maximum)
        : base(minimum, maximum) => ErrorMessage = $"a whole number from {minimum} to {maximum} is expected";
}

/// <summary>The field must be there and not null.</summary>
public sealed class NeededAttribute : RequiredAttribute
{
    /// <inheritdoc/>
    public override bool IsValid(object? value) => value is not null;
}
