namespace OvnNestApi.Http;

/// <summary>Registers the protocol: JSON, problem details, authentication, rate limits, and the socket rules of the server.</summary>
internal static class HttpSetup
{
    public static IServiceCollection AddHttp(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddExceptionHandler<FailureHandler>();
        services.ConfigureHttpJsonOptions(options => ApiJson.Configure(options.SerializerOptions));
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.AddHostedService<PlainHttp>();
        services.AddAccess();
        services.AddRateLimits(configuration);
        return services;
    }

    /// <summary>Limits the body of a request, hides the server's name and takes over stale unix sockets.</summary>
    public static void ConfigureServer(this ConfigureWebHostBuilder host)
    {
        host.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = HttpLimits.Body;
        });
        host.UseSockets(sockets => sockets.CreateBoundListenSocket = UnixSocket.Bind);
    }

    /// <summary>Answers every failure, and every empty error answer, with problem details.</summary>
    public static void UseProblemDetails(this WebApplication app)
    {
        app.UseExceptionHandler(_ => { });
        app.UseStatusCodePages(context => ErrorResponses.Explain(context.HttpContext));
    }
}
