using System.Text.RegularExpressions;

namespace OvnNestApi.Http;

/// <summary>
/// Every request has an id: the client's <c>X-Request-Id</c> if it is harmless, else a new one. It is in the answer, the logs and the
/// change log.
/// </summary>
internal static partial class RequestIds
{
    private const string Header = "X-Request-Id";

    public static Task Assign(HttpContext context, RequestDelegate next)
    {
        var asked = context.Request.Headers[Header].ToString();
        context.TraceIdentifier = Harmless().IsMatch(asked) ? asked : Guid.CreateVersion7().ToString("N");

        // At the last moment: an error's answer begins with empty headers.
        context.Response.OnStarting(() =>
        {
            context.Response.Headers[Header] = context.TraceIdentifier;
            return Task.CompletedTask;
        });
        return next(context);
    }

    [GeneratedRegex(@"^[A-Za-z0-9._-]{1,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Harmless();
}
