using OvnNestApi.ApiKeys;
using OvnNestApi.Telemetry;

namespace OvnNestApi.Http;

/// <summary>What every request goes through, whichever noun it is about.</summary>
internal static class HttpSide
{
    public static IServiceCollection AddHttpSide(this IServiceCollection services)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddExceptionHandler<FailureHandler>();
        services.ConfigureHttpJsonOptions(options => ApiJson.Configure(options.SerializerOptions));
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.AddSingleton<PresentLiveness>();
        services.AddSingleton<Waiting>();
        services.AddScoped<Writing>();
        services.AddAccess();
        return services;
    }

    public static void UseHttpSide(this WebApplication app)
    {
        app.Use(RequestIds.Assign);
        app.UseRequestLogging();
        app.UseExceptionHandler(_ => { });
        app.UseStatusCodePages(context => EmptyAnswers.Explain(context.HttpContext));
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
    }
}
