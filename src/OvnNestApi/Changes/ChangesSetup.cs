namespace OvnNestApi.Changes;

/// <summary>Registers the options of the change log (<c>Changes</c>) and the loop that prunes it.</summary>
internal static class ChangesSetup
{
    public static IServiceCollection AddChanges(this IServiceCollection services, IConfiguration configuration)
    {
        services.Configure<ChangeOptions>(configuration.GetSection("Changes"));
        services.AddHostedService<ChangeRetention>();
        return services;
    }
}
