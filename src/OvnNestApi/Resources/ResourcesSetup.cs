using OvnNestApi.Conditions;

namespace OvnNestApi.Resources;

/// <summary>Registers the engine behind every declarative resource.</summary>
internal static class ResourcesSetup
{
    /// <param name="kinds">All kinds of resources, in the lock order.</param>
    public static IServiceCollection AddResources(this IServiceCollection services, ResourceKinds kinds)
    {
        services.AddSingleton(kinds);
        services.AddScoped(typeof(ResourceStore<,,,>));
        return services;
    }

    /// <summary>Maps the URLs of all kinds.</summary>
    public static void MapResources(this IEndpointRouteBuilder api, ResourceKinds kinds)
    {
        foreach (var kind in kinds.All)
        {
            kind.Map(api);
        }
    }
}

/// <summary>All kinds of resources, in the lock order.</summary>
internal sealed record ResourceKinds(params IReadOnlyList<ResourceKind> All)
{
    /// <summary>How the conditions of each kind are evaluated.</summary>
    public IEnumerable<KindReadiness> Readiness => All.Select(kind => kind.Readiness);
}
