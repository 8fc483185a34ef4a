namespace OvnNestApi.Conditions;

/// <summary>Registers the options of hosts (section <c>Hosts</c>) and the cached liveness.</summary>
internal static class ConditionsSetup
{
    public static IServiceCollection AddConditions(this IServiceCollection services, IConfiguration configuration)
    {
        services
            .AddOptions<HostOptions>()
            .Bind(configuration.GetSection("Hosts"))
            .Validate(
                o => o.SilentAfter >= TimeSpan.FromSeconds(1) && o.SilentAfter <= TimeSpan.FromDays(1),
                "Hosts__SilentAfter must be between 1 s and 1 day."
            )
            .ValidateOnStart();
        services.AddSingleton<CachedLiveness>();
        return services;
    }
}
