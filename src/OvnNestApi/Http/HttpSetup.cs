namespace OvnNestApi.Http;

/// <summary>Registers JSON, problem details, authentication, rate limits and idempotency, and configures the server.</summary>
internal static class HttpSetup
{
    public static IServiceCollection AddHttp(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddExceptionHandler<FailureHandler>();
        services.ConfigureHttpJsonOptions(options => ApiJson.Configure(options.SerializerOptions));
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.AddHostedService<PlainHttp>();
        services.AddSingleton(Idempotency.Retention);
        services.AddAccess();
        services.AddSingleton(_ => new RateLimits(configuration.GetSection("RateLimit").Get<RateLimitOptions>() ?? new()));
        return services;
    }

    /// <summary>Limits the size of bodies, omits the header <c>Server</c>, and takes over stale unix sockets.</summary>
    public static void ConfigureServer(this ConfigureWebHostBuilder host)
    {
        host.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = HttpLimits.Body;
        });
        host.UseSockets(sockets => sockets.CreateBoundListenSocket = UnixSocket.Bind);
    }

    /// <summary>Sends problem details for every exception and every error response without a body.</summary>
    public static void UseProblemDetails(this WebApplication app)
    {
        app.UseExceptionHandler(_ => { });
        app.UseStatusCodePages(context => ErrorResponses.Explain(context.HttpContext));
    }
}
