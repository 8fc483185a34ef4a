using System.Text.RegularExpressions;

namespace OvnNestApi.HostPlanning.Commands;

/// <summary>Lines of a POSIX shell (POSIX.1-2024, Shell Command Language, 2.2 Quoting).</summary>
internal static partial class Shell
{
    /// <summary>Returns a line that runs a command with exactly these words as its name and arguments.</summary>
    public static string Line(params IEnumerable<string> words) => string.Join(' ', words.Select(Quote));

    /// <summary>Returns a word as it is if it has no character with a meaning to the shell, else in single quotes.</summary>
    public static string Quote(string word) => Plain().IsMatch(word) ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>Returns a comment of one line. Control characters, which could end it, become spaces.</summary>
    public static string Comment(string text) => $"# {string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c))}";

    [GeneratedRegex(@"^[A-Za-z0-9_@%+=:,./-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();
}
