using System.Text.RegularExpressions;

namespace OvnNestApi.Http;

/// <summary>
/// Gives every request an id: <c>X-Request-Id</c> of the client if it is valid, else a new id. The response, the logs and the change log
/// contain it.
/// </summary>
internal static partial class RequestIds
{
    private const string Header = "X-Request-Id";

    public static Task Assign(HttpContext context, RequestDelegate next)
    {
        var sent = context.Request.Headers[Header].ToString();
        context.TraceIdentifier = ValidId().IsMatch(sent) ? sent : Guid.CreateVersion7().ToString("N");

        // Set when the response starts, because the exception handler clears headers that were set before.
        context.Response.OnStarting(() =>
        {
            context.Response.Headers[Header] = context.TraceIdentifier;
            return Task.CompletedTask;
        });
        return next(context);
    }

    [GeneratedRegex(@"^[A-Za-z0-9._-]{1,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex ValidId();
}
