namespace OvnNestApi.Changes;

/// <summary>Registers the options of the change log (<c>Changes</c>), its reader and streams, and the loop that prunes it.</summary>
internal static class ChangesSetup
{
    public static IServiceCollection AddChanges(this IServiceCollection services, IConfiguration configuration)
    {
        services.Configure<ChangeOptions>(configuration.GetSection("Changes"));
        services.AddSingleton<ChangeReader>();
        services.AddSingleton<ChangeStreams>();
        services.AddHostedService<ChangeRetention>();
        return services;
    }
}
