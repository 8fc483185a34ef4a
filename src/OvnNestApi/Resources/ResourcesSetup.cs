namespace OvnNestApi.Resources;

/// <summary>Registers the engine behind every declarative resource.</summary>
internal static class ResourcesSetup
{
    public static IServiceCollection AddResources(this IServiceCollection services)
    {
        services.AddScoped(typeof(ResourceStore<,,,>));
        return services;
    }
}
