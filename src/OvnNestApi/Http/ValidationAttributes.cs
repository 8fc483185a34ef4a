using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using OvnNestApi.Schema;

namespace OvnNestApi.Http;

/// <summary>
/// The whole string must match a pattern. Unlike the base class, an empty string must match too. Null is valid: see
/// <see cref="RequiredAttribute"/>.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public class PatternAttribute : RegularExpressionAttribute
{
    private readonly Regex _expression;

    /// <param name="pattern">Regular expression, anchored with ^ and $.</param>
    /// <param name="expected">Error message, without a full stop.</param>
    public PatternAttribute(string pattern, string expected)
        : base(pattern)
    {
        ErrorMessage = expected;

        // $ also matches before a line feed at the end.
        _expression = new(pattern[..^1] + @"\z", RegexOptions.CultureInvariant | RegexOptions.Compiled, TimeSpan.FromSeconds(1));
    }

    /// <inheritdoc/>
    public override bool IsValid(object? value) => value is null || (value is string text && _expression.IsMatch(text));
}

/// <summary>Name of a resource, see <see cref="ResourceName"/>.</summary>
public sealed class ValidNameAttribute() : PatternAttribute(ResourceName.Pattern, ResourceName.Rule);

/// <summary>
/// Name of a device, bridge or namespace: at most 15 bytes (IFNAMSIZ), only characters without a special meaning in shells and tools.
/// </summary>
public sealed class DeviceNameAttribute()
    : PatternAttribute(
        "^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$",
        "1 to 15 letters, digits, dots, dashes and underscores are expected, the first a letter or digit"
    );

/// <summary>Name of a logical switch port.</summary>
public sealed class PortNameAttribute()
    : PatternAttribute(
        "^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$",
        "1 to 255 letters, digits, dots, dashes and underscores are expected, the first a letter or digit"
    );

/// <summary>Name of a logical switch or router, which another system may have chosen.</summary>
public sealed class LogicalNameAttribute()
    : PatternAttribute(
        "^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,254}$",
        "1 to 255 letters, digits, dots, colons, dashes and underscores are expected, the first not a dot, colon or dash"
    );

/// <summary>Name of a host: labels of 1 to 63 letters, digits and inner dashes, with dots between them (RFC 1123 §2.1).</summary>
public sealed class HostnameAttribute()
    : PatternAttribute(
        "^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$",
        "a host name is expected: at most 253 characters, labels of 1 to 63 letters, digits and inner dashes with dots between them"
    );

/// <summary>Free text: no control characters except line feed and tab.</summary>
public sealed class ProseAttribute()
    : PatternAttribute(
        @"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]{0,1024}$",
        "at most 1024 characters of text without control characters are expected"
    );

/// <summary>Rule for the keys of a map.</summary>
[AttributeUsage(AttributeTargets.Property)]
public abstract class KeyRuleAttribute : ValidationAttribute
{
    internal abstract string Message { get; }

    internal abstract bool Admits(string key);

    /// <inheritdoc/>
    public override bool IsValid(object? value) => true;
}

/// <summary>
/// Key of a label, as in Kubernetes: an optional DNS name and a slash, then 1 to 63 letters, digits, dashes, dots and underscores.
/// </summary>
public sealed partial class LabelKeyAttribute : KeyRuleAttribute
{
    internal override string Message =>
        "the key of a label must be an optional DNS name and a slash, then 1 to 63 letters, digits, inner dashes, dots and underscores";

    internal override bool Admits(string key) => Expression().IsMatch(key);

    [GeneratedRegex(
        @"^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Expression();
}

/// <summary>Value of a label, as in Kubernetes: empty, or 1 to 63 letters, digits, inner dashes, dots and underscores.</summary>
public sealed class LabelValueAttribute()
    : PatternAttribute(
        "^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$",
        "the value of a label must be empty, or 1 to 63 letters, digits, inner dashes, dots and underscores"
    );

/// <summary>A whole number within the bounds.</summary>
public sealed class BetweenAttribute : RangeAttribute
{
    public BetweenAttribute(int minimum, int maximum)
        : base(minimum, maximum) => ErrorMessage = $"a whole number from {minimum} to {maximum} is expected";
}

/// <summary>The field is required and must not be null.</summary>
public sealed class NeededAttribute : RequiredAttribute
{
    /// <inheritdoc/>
    public override bool IsValid(object? value) => value is not null;
}
