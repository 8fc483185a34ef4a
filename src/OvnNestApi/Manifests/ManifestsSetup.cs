namespace OvnNestApi.Manifests;

/// <summary>Registers the requests for many resources.</summary>
internal static class ManifestsSetup
{
    public static IServiceCollection AddManifests(this IServiceCollection services) => services.AddScoped<ManifestStore>();
}
