using OvnNestApi.Problems;

namespace OvnNestApi.Http;

/// <summary>Adds problem details to the error responses that ASP.NET Core leaves empty, such as 404 and 405 of its routing.</summary>
internal static class ErrorResponses
{
    public static Task Explain(HttpContext context)
    {
        if (HttpMethods.IsPatch(context.Request.Method) && context.Response.StatusCode == StatusCodes.Status415UnsupportedMediaType)
        {
            context.Response.Headers["Accept-Patch"] = JsonBody.MergePatch;
        }

        return context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => Write(Problem.NotFound()),
            StatusCodes.Status405MethodNotAllowed => Write(Problem.MethodNotAllowed()),
            StatusCodes.Status406NotAcceptable => Write(
                Problem.NotAcceptable("The response is application/json. Change the header Accept.")
            ),
            StatusCodes.Status413PayloadTooLarge => Write(Problem.BodyTooLarge(HttpLimits.BodyOf(context))),
            StatusCodes.Status415UnsupportedMediaType => Write(Problem.UnsupportedMediaType(JsonBody.WantsJson)),
            _ => Task.CompletedTask,
        };

        Task Write(Problem problem) => new ProblemResult(problem).ExecuteAsync(context);
    }
}
