using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Metadata;

namespace OvnNestApi.Http;

/// <summary>Response with JSON that is not a resource; caches must not store it.</summary>
public sealed class JsonResult<T>(T value, int status = StatusCodes.Status200OK)
    : IResult,
        IStatusCodeHttpResult,
        IValueHttpResult<T>,
        IEndpointMetadataProvider
{
    /// <summary>Documents status 200 for reads. Other operations declare their statuses where their route is mapped.</summary>
    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        if (builder.Metadata.OfType<HttpMethodMetadata>().Any(metadata => metadata.HttpMethods.Contains(HttpMethods.Get)))
        {
            builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(T), ["application/json"]));
        }
    }

    /// <inheritdoc/>
    public int? StatusCode => status;

    /// <inheritdoc/>
    public T Value => value;

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = status;
        httpContext.Response.Headers.CacheControl = "no-store";
        return JsonAnswer.WriteAsync(httpContext.Response, value, httpContext.RequestAborted);
    }
}

internal static class JsonAnswer
{
    /// <summary>Writes JSON with Content-Length, so that HEAD returns the same headers as GET.</summary>
    public static Task WriteAsync<T>(HttpResponse response, T value, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(value, ApiJson.Options);
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        return HttpMethods.IsHead(response.HttpContext.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(body, cancellationToken).AsTask();
    }
}
