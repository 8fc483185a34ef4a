using Microsoft.AspNetCore.Http.Features;

namespace OvnNestApi.Http;

/// <summary>Fixed limits of requests.</summary>
public static class HttpLimits
{
    /// <summary>Maximum size of a body in bytes: 1 MiB.</summary>
    public const int Body = 1024 * 1024;

    /// <summary>Returns the maximum size of the body of this request in bytes.</summary>
    public static long BodyOf(HttpContext context) => context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize ?? Body;

    /// <summary>Maximum time that a request is held.</summary>
    public static readonly TimeSpan Wait = TimeSpan.FromSeconds(60);

    /// <summary>Maximum number of items on a page.</summary>
    public const int Page = 1000;

    /// <summary>Default number of items on a page.</summary>
    public const int DefaultPage = 100;
}
