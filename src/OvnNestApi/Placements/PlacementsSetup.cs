namespace OvnNestApi.Placements;

/// <summary>Registers the settlement of confirmed removals and the loop of sweeps.</summary>
internal static class PlacementsSetup
{
    /// <param name="removals">Kinds that are not placed on hosts, those first that depend on others.</param>
    public static IServiceCollection AddPlacements(this IServiceCollection services, IEnumerable<KindRemoval> removals)
    {
        foreach (var kind in removals)
        {
            services.AddSingleton(kind);
        }

        services.AddSingleton<Settlement>();
        services.AddHostedService<Sweeper>();
        return services;
    }
}
