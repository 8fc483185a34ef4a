using OvnNestApi.ApiKeys;
using OvnNestApi.Changes;
using OvnNestApi.Telemetry;

namespace OvnNestApi.Http;

/// <summary>What every request goes through, whichever noun it is about.</summary>
internal static class HttpSide
{
    public static IServiceCollection AddHttpSide(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddExceptionHandler<FailureHandler>();
        services.ConfigureHttpJsonOptions(options => ApiJson.Configure(options.SerializerOptions));
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.AddSingleton<PresentLiveness>();
        services.AddSingleton<Waiting>();
        services.AddHostedService<PlainHttp>();
        services.AddScoped<Writing>();
        services.AddSingleton<ChangeFeed>();
        services.Configure<ChangeOptions>(configuration.GetSection("Changes"));
        services.AddAccess();
        services.AddRateLimits(configuration);
        services.AddOpenApiSide();
        return services;
    }

    public static void UseHttpSide(this WebApplication app)
    {
        app.Use(RequestIds.Assign);
        app.UseRequestLogging();
        app.UseExceptionHandler(_ => { });
        app.UseStatusCodePages(context => EmptyAnswers.Explain(context.HttpContext));
        app.MapOpenApiSide();
        app.UseRouting();
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseAuthorization();
    }
}
