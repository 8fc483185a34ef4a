using Microsoft.Extensions.Options;

namespace OvnNestApi.Changes;

/// <summary>Registers the options of the change log (<c>Changes</c>), its reader and streams, and its retention.</summary>
internal static class ChangesSetup
{
    public static IServiceCollection AddChanges(this IServiceCollection services, IConfiguration configuration)
    {
        services.Configure<ChangeOptions>(configuration.GetSection("Changes"));
        services.AddSingleton<ChangeReader>();
        services.AddSingleton<ChangeStreams>();
        services.AddSingleton(provider => ChangeRetention.Of(provider.GetRequiredService<IOptions<ChangeOptions>>().Value.Keep));
        return services;
    }
}
