using System.Globalization;
using System.Text.RegularExpressions;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Http;

/// <summary>
/// Reads query parameters. What an operation does not name is refused, because a misspelt filter would answer with everything.
/// </summary>
/// <remarks>Collects the first problem; to be looked at after all parameters were read.</remarks>
internal sealed class Query(HttpRequest request)
{
    /// <summary>The first thing that was wrong; null: nothing.</summary>
    public Problem? Problem { get; private set; }

    /// <summary>The text of a parameter; null when it was not sent.</summary>
    public string? Text(string name) => request.Query.TryGetValue(name, out var values) ? values.ToString() : null;

    /// <summary>True or false; sent without a value means true.</summary>
    public bool Flag(string name) =>
        Text(name) switch
        {
            null or "false" => false,
            "true" or "" => true,
            _ => Refuse<bool>($"{name} must be true or false."),
        };

    /// <summary>True, false, or not asked.</summary>
    public bool? Choice(string name) => Text(name) is null ? null : Flag(name);

    /// <summary>A whole number within bounds.</summary>
    public int Number(string name, int minimum, int maximum, int otherwise) =>
        Text(name) is not { } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= minimum && number <= maximum
            ? number
        : Refuse<int>($"{name} must be a whole number from {minimum} to {maximum}.");

    /// <summary>A time such as <c>30s</c>, <c>500ms</c> or <c>1m</c>; longer than the longest is cut to it.</summary>
    public TimeSpan? Duration(string name) =>
        Text(name) is not { } text ? null
        : Durations.TryParse(text, out var duration) ? (duration > HttpLimits.Wait ? HttpLimits.Wait : duration)
        : Refuse<TimeSpan?>($"{name} must be a time such as 30s, 500ms or 1m.");

    /// <summary>Something that has a text form.</summary>
    public T? Value<T>(string name, TryParse<T> parse, string expected)
        where T : struct =>
        Text(name) is not { } text ? null
        : parse(text, out var value) ? value
        : Refuse<T?>($"{name} must be {expected}.");

    /// <summary>The name of an object.</summary>
    public string? Name(string name) =>
        Text(name) is not { } text ? null
        : ResourceName.IsValid(text) ? text
        : Refuse<string?>($"{name} must be the name of an object.");

    internal delegate bool TryParse<T>(string? text, out T value);

    private T? Refuse<T>(string detail)
    {
        Problem ??= Problem.UnknownParameter(detail);
        return default;
    }
}

/// <summary>Times as the API writes them: <c>500ms</c>, <c>30s</c>, <c>5m</c>, <c>2h</c>, <c>1d</c>.</summary>
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
