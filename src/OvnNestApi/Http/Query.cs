using System.Globalization;
using System.Text.RegularExpressions;
using OvnNestApi.Data;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Http;

/// <summary>Reads query parameters.</summary>
/// <remarks>Check <see cref="Problem"/> after reading all parameters; it is the first problem that occurred.</remarks>
internal sealed class Query(HttpRequest request)
{
    private const int MaxSelector = 1024;

    /// <summary>First problem; null if all parameters read so far are valid.</summary>
    public Problem? Problem { get; private set; }

    /// <summary>Returns the text of a parameter; null if not sent.</summary>
    public string? Text(string name) => request.Query.TryGetValue(name, out var values) ? values.ToString() : null;

    /// <summary>Returns true or false. A parameter without a value is true; false if not sent.</summary>
    public bool Flag(string name) =>
        Text(name) switch
        {
            null or "false" => false,
            "true" or "" => true,
            _ => Reject<bool>($"{name} must be true or false."),
        };

    /// <summary>Returns true or false; null if not sent.</summary>
    public bool? Choice(string name) => Text(name) is null ? null : Flag(name);

    /// <summary>Returns one of these texts, or the first if not sent.</summary>
    public string OneOf(string name, params IReadOnlyList<string> texts) =>
        Text(name) switch
        {
            null => texts[0],
            { } text when texts.Contains(text) => text,
            _ => Reject<string>($"{name} must be {string.Join(" or ", texts)}.") ?? texts[0],
        };

    /// <summary>Returns a whole number within the bounds, or <paramref name="otherwise"/> if not sent.</summary>
    public int Number(string name, int minimum, int maximum, int otherwise) =>
        Text(name) switch
        {
            null => otherwise,
            { } text when IsNumber(text, out var number) && number >= minimum && number <= maximum => number,
            _ => Reject<int>($"{name} must be a whole number from {minimum} to {maximum}."),
        };

    /// <summary>Returns a whole number within the bounds; null if not sent.</summary>
    public int? Number(string name, int minimum, int maximum) => Text(name) is null ? null : Number(name, minimum, maximum, minimum);

    /// <summary>Returns a duration such as <c>30s</c>, cut to <see cref="HttpLimits.Wait"/>; null if not sent.</summary>
    public TimeSpan? Duration(string name) =>
        Text(name) switch
        {
            null => null,
            { } text when Durations.TryParse(text, out var duration) => TimeSpan.FromTicks(Math.Min(duration.Ticks, HttpLimits.Wait.Ticks)),
            _ => Reject<TimeSpan?>($"{name} must be a duration such as 30s, 500ms or 1m."),
        };

    /// <summary>Returns a value that <paramref name="parse"/> accepts; null if not sent.</summary>
    public T? Value<T>(string name, TryParse<T> parse, string expected)
        where T : struct =>
        Text(name) switch
        {
            null => null,
            { } text when parse(text, out var value) => value,
            _ => Reject<T?>($"{name} must be {expected}."),
        };

    /// <summary>Returns a valid name of a resource; null if not sent.</summary>
    public string? Name(string name) =>
        Text(name) switch
        {
            null => null,
            { } text when ResourceName.IsValid(text) => text,
            _ => Reject<string?>($"{name} must be a valid name of a resource."),
        };

    /// <summary>Returns the start of a valid name of a resource; null if not sent.</summary>
    public string? NamePrefix(string name) =>
        Text(name) switch
        {
            null => null,
            { } text when ResourceName.IsPrefix(text) => text,
            _ => Reject<string?>($"{name} must be the start of a valid name of a resource: 1 to 63 lower-case letters, digits and dashes."),
        };

    /// <summary>
    /// Returns the labels of a selector such as <c>app=web,tier</c>; a null value matches any value of the label. Null if not sent.
    /// </summary>
    private IReadOnlyDictionary<string, string?>? Labels(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        var parts = text.Split(',').Select(part => part.Split('=', 2)).ToList();
        var isValid = text.Length <= MaxSelector && !text.Contains('\0', StringComparison.Ordinal) && parts.All(part => part[0].Length > 0);
        return isValid && parts.DistinctBy(part => part[0]).Count() == parts.Count
            ? parts.ToDictionary(part => part[0], part => part.ElementAtOrDefault(1))
            : Reject<IReadOnlyDictionary<string, string?>>(
                $"{name} must be a comma-separated list of key=value or key, with each key once and at most {MaxSelector} characters."
            );
    }

    /// <summary>Returns a selector of labels such as <c>app=web,tier</c>; null if not sent.</summary>
    public LabelSelector? Selector(string name) => Labels(name) is { } labels ? new(labels) : null;

    internal delegate bool TryParse<T>(string? text, out T value);

    private static bool IsNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private T? Reject<T>(string detail)
    {
        Problem ??= Problem.InvalidParameter(detail);
        return default;
    }
}

/// <summary>Durations in requests and settings: <c>500ms</c>, <c>30s</c>, <c>5m</c>, <c>2h</c>, <c>1d</c>.</summary>
internal static partial class Durations
{
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = default;
        var match = Expression().Match(text ?? "");
        if (!match.Success)
        {
            return false;
        }

        var number = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        duration = match.Groups[2].Value switch
        {
            "ms" => TimeSpan.FromMilliseconds(number),
            "s" => TimeSpan.FromSeconds(number),
            "m" => TimeSpan.FromMinutes(number),
            "h" => TimeSpan.FromHours(number),
            _ => TimeSpan.FromDays(number),
        };
        return true;
    }

    [GeneratedRegex(@"^([0-9]{1,7})(ms|s|m|h|d)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Expression();
}
