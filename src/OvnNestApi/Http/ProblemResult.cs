using System.Globalization;
using System.Text.Json;
using Microsoft.Net.Http.Headers;
using OvnNestApi.Problems;

namespace OvnNestApi.Http;

/// <summary>Answers with problem details (RFC 9457).</summary>
public sealed class ProblemResult(Problem problem) : IResult, IStatusCodeHttpResult, IValueHttpResult<Problem>
{
    /// <summary>The media type of every error.</summary>
    public const string MediaType = "application/problem+json";

    /// <inheritdoc/>
    public int? StatusCode => problem.Status;

    /// <inheritdoc/>
    public Problem Value => problem;

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = problem.Status;
        response.ContentType = MediaType;
        response.Headers.CacheControl = "no-store";
        if (problem.RetryAfter is { } after)
        {
            response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(after.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        if (problem.Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers[HeaderNames.WWWAuthenticate] = "Bearer realm=\"OvnNestApi\"";
        }

        return JsonSerializer.SerializeAsync(
            response.Body,
            ProblemDetails.Of(problem, httpContext),
            ApiJson.Options,
            httpContext.RequestAborted
        );
    }
}

/// <summary>The body of every error (RFC 9457).</summary>
/// <param name="Type">Where this kind of problem is explained.</param>
/// <param name="Title">One sentence, the same for every occurrence of the code.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">Stable name of the kind of problem.</param>
/// <param name="Detail">What happened here.</param>
/// <param name="Instance">The path of the request.</param>
/// <param name="RequestId">The request's id in the service's logs and in the change log.</param>
/// <param name="Retryable">The same request may succeed later without a change.</param>
/// <param name="Errors">The fields that are meant.</param>
public sealed record ProblemDetails(
    string Type,
    string Title,
    int Status,
    string Code,
    string Detail,
    string Instance,
    string RequestId,
    bool Retryable,
    IReadOnlyList<FieldError>? Errors
)
{
    internal static ProblemDetails Of(Problem problem, HttpContext context) =>
        new(
            $"/problems/{problem.Code}",
            problem.Title,
            problem.Status,
            problem.Code,
            problem.Detail,
            context.Request.PathBase.ToUriComponent() + context.Request.Path.ToUriComponent(),
            context.TraceIdentifier,
            problem.Retryable,
            problem.Errors.Count == 0 ? null : problem.Errors
        );
}
