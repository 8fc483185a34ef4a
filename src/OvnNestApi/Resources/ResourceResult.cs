using OvnNestApi.Http;

namespace OvnNestApi.Resources;

/// <summary>Response with one resource, its ETag and its location.</summary>
/// <param name="view">View of the resource.</param>
/// <param name="metadata">Identity and version, for the ETag.</param>
/// <param name="status">200, 201 or 202.</param>
/// <param name="location">URL of the resource, sent with 201 and 202; null if none.</param>
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
