namespace OvnNestApi.Placements;

/// <summary>Registers the settlement of removals and the loop that frees what has been confirmed.</summary>
internal static class PlacementsSetup
{
    public static IServiceCollection AddPlacements(this IServiceCollection services)
    {
        services.AddSingleton<Settlement>();
        services.AddHostedService<Sweeper>();
        return services;
    }
}
