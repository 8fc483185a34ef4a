namespace OvnNestApi.Placements;

/// <summary>Registers the settlement of confirmed removals and the loop of sweeps.</summary>
internal static class PlacementsSetup
{
    public static IServiceCollection AddPlacements(this IServiceCollection services)
    {
        services.AddSingleton<Settlement>();
        services.AddHostedService<Sweeper>();
        return services;
    }
}
