using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Extensions.Hosting;
using OvnNestApi.Data;
using OvnNestApi.Problems;

namespace OvnNestApi.Http;

/// <summary>
/// Converts exceptions of request handlers to problem details: 503 for an outage, 4xx for an invalid request, 500 for a bug.
/// </summary>
internal sealed partial class FailureHandler(IHostApplicationLifetime lifetime, ILogger<FailureHandler> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (httpContext.RequestAborted.IsCancellationRequested)
        {
            httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }

        await new ProblemResult(Explain(exception, httpContext)).ExecuteAsync(httpContext);
        return true;
    }

    private Problem Explain(Exception exception, HttpContext context)
    {
        switch (exception)
        {
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return Problem.BodyTooLarge(HttpLimits.BodyOf(context));
            case BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType }:
                return Problem.UnsupportedMediaType(JsonBody.WantsJson);
            case BadHttpRequestException:
                return Problem.MalformedJson("The request could not be read: it is incomplete or not valid HTTP.");
            case OperationCanceledException when lifetime.ApplicationStopping.IsCancellationRequested:
                return Problem.ShuttingDown();
        }

        if (Conflicts.Outage(exception) is { } outage)
        {
            LogOutage(exception.GetBaseException().Message);
            return outage;
        }

        LogBug(exception);
        return Problem.Internal();
    }

    [LoggerMessage(LogLevel.Warning, "The database is not available: {Error}")]
    private partial void LogOutage(string error);

    [LoggerMessage(LogLevel.Error, "A request failed because of an unexpected exception")]
    private partial void LogBug(Exception exception);
}
