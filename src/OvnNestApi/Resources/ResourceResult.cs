using OvnNestApi.Http;

namespace OvnNestApi.Resources;

/// <summary>Answers with one object, its ETag, and where it is.</summary>
/// <param name="view">The object.</param>
/// <param name="metadata">Its identity and revision: the ETag.</param>
/// <param name="status">200, 201 or 202.</param>
/// <param name="location">Where it is: told with 201 and 202.</param>
public sealed class ResourceResult<TView>(TView view, Metadata metadata, int status = StatusCodes.Status200OK, string? location = null)
    : IResult,
        IStatusCodeHttpResult,
        IValueHttpResult<TView>
{
    /// <inheritdoc/>
    public int? StatusCode => status;

    /// <inheritdoc/>
    public TView Value => view;

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = status;
        response.Headers.ETag = Conditional.ETag(metadata.Id, metadata.Revision);
        response.Headers.CacheControl = "no-store";
        if (location is not null && status != StatusCodes.Status200OK)
        {
            response.Headers.Location = location;
        }

        return JsonAnswer.WriteAsync(response, view, httpContext.RequestAborted);
    }
}
