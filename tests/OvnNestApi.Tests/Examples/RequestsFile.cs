using System.Text.RegularExpressions;

namespace OvnNestApi.Tests.Examples;

/// <summary>A request of a <c>.http</c> file. Its texts may contain <c>{{names}}</c> of variables.</summary>
/// <param name="Title">Text after <c>###</c>.</param>
/// <param name="Name">Name of the response for later requests (<c># @name</c>); null if none.</param>
/// <param name="Status">Expected status (a comment with a number); null if any 2xx.</param>
internal sealed record FileRequest(
    string Title,
    string? Name,
    int? Status,
    string Method,
    string Url,
    IReadOnlyList<(string Name, string Value)> Headers,
    string? Body
);

/// <summary>A <c>.http</c> file, the format of the REST clients of Visual Studio and Visual Studio Code.</summary>
internal sealed partial class RequestsFile
{
    private RequestsFile(Dictionary<string, string> variables, IReadOnlyList<FileRequest> requests) =>
        (Variables, Requests) = (variables, requests);

    /// <summary>The variables (<c>@name = value</c>) of the file.</summary>
    public Dictionary<string, string> Variables { get; }

    public IReadOnlyList<FileRequest> Requests { get; }

    public static RequestsFile Parse(string text)
    {
        var variables = Variable().Matches(text).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["value"].Value);
        var parts = text.Split("\n###").Skip(1);
        return new(variables, [.. parts.Select(ParseRequest)]);
    }

    /// <summary>Replaces <c>{{names}}</c> by the values of the variables.</summary>
    /// <exception cref="KeyNotFoundException">The variable does not exist.</exception>
    public string Fill(string text) => Reference().Replace(text, match => Variables[match.Groups["name"].Value]);

    private static FileRequest ParseRequest(string part)
    {
        var lines = part.Split('\n').Select(line => line.TrimEnd()).ToList();
        var comments = lines.Where(line => line.StartsWith('#')).Select(line => line.TrimStart('#', ' ')).ToList();
        var request = lines.Skip(1).SkipWhile(line => line.Length == 0 || line[0] is '#' or '@').ToList();
        var headers = request.Skip(1).TakeWhile(line => line.Length > 0).Select(line => line.Split(": ", 2)).ToList();
        var body = string.Join('\n', request.Skip(1 + headers.Count)).Trim();
        return new(
            lines[0].Trim(),
            comments.Find(comment => comment.StartsWith("@name ", StringComparison.Ordinal))?["@name ".Length..],
            comments
                .Select(comment => int.TryParse(comment, out var status) ? status : (int?)null)
                .FirstOrDefault(status => status is not null),
            request[0].Split(' ')[0],
            request[0].Split(' ')[1],
            [.. headers.Select(header => (header[0], header[1]))],
            body.Length == 0 ? null : body
        );
    }

    [GeneratedRegex(@"^@(?<name>\w+) *= *(?<value>.*?) *$", RegexOptions.Multiline)]
    private static partial Regex Variable();

    [GeneratedRegex(@"\{\{(?<name>[\w.-]+)\}\}")]
    private static partial Regex Reference();
}
