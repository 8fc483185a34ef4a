using System.Globalization;
using System.Text.Json;
using Microsoft.Net.Http.Headers;
using OvnNestApi.Problems;

namespace OvnNestApi.Http;

/// <summary>Response with problem details (RFC 9457).</summary>
public sealed class ProblemResult(Problem problem) : IResult, IStatusCodeHttpResult, IValueHttpResult<Problem>
{
    /// <summary>Media type of error responses.</summary>
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

/// <summary>Body of an error response (RFC 9457).</summary>
/// <param name="Type">URL of the page that explains the code.</param>
/// <param name="Title">Short summary, the same for every occurrence of the code.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Stable code of the problem.</param>
/// <param name="Detail">Description of this occurrence, and the remedy.</param>
/// <param name="Instance">Path of the request.</param>
/// <param name="RequestId">Id of the request, also in the logs and the change log.</param>
/// <param name="Retryable">True if the same request may succeed later.</param>
/// <param name="Errors">Fields of the body that caused the problem; absent if no field did.</param>
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
