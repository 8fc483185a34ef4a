namespace OvnNestApi.Conditions;

/// <summary>Registers the options of hosts (section <c>Hosts</c>), the cached liveness and the evaluation of conditions.</summary>
internal static class ConditionsSetup
{
    /// <param name="kinds">All kinds of resources, in the lock order.</param>
    public static IServiceCollection AddConditions(
        this IServiceCollection services,
        IConfiguration configuration,
        IEnumerable<KindReadiness> kinds
    )
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
        services.AddSingleton(new Readiness(kinds));
        return services;
    }
}
