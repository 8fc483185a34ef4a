using OvnNestApi.Northbound;

namespace OvnNestApi.Adoption;

/// <summary>Registers what the adoption of ports needs.</summary>
internal static class AdoptionSetup
{
    public static IServiceCollection AddAdoption(this IServiceCollection services) => services.AddSingleton<NorthboundReader>();
}
