using Microsoft.Extensions.Options;
using OvnNestApi.Allocation;

namespace OvnNestApi.VlanLeases;

/// <summary>Registers the reader of leases and the retention of their history.</summary>
internal static class VlanLeasesSetup
{
    public static IServiceCollection AddVlanLeases(this IServiceCollection services)
    {
        services.AddSingleton<LeaseReader>();
        services.AddSingleton(provider => HistoryRetention.Of(provider.GetRequiredService<IOptions<LeaseOptions>>().Value.KeepHistory));
        return services;
    }
}
