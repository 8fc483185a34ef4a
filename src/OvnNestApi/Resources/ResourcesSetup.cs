using OvnNestApi.Conditions;
using OvnNestApi.Placements;
using OvnNestApi.Reconciling;

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

    /// <summary>How deletions end, for kinds that are not placed on hosts: those first that depend on others.</summary>
    public IEnumerable<KindRemoval> Removals => All.Reverse().Select(kind => kind.Removal).OfType<KindRemoval>();

    /// <summary>What a pass needs to know of each kind that has rows in the NB.</summary>
    public IEnumerable<ReconciledKind> Reconciled => All.Select(kind => kind.Reconciled).OfType<ReconciledKind>();
}
