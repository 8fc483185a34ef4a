namespace OvnNestApi.VlanLeases;

/// <summary>Registers the reader of leases and the loop that prunes their history.</summary>
internal static class VlanLeasesSetup
{
    public static IServiceCollection AddVlanLeases(this IServiceCollection services)
    {
        services.AddSingleton<LeaseReader>();
        services.AddHostedService<HistoryRetention>();
        return services;
    }
}
