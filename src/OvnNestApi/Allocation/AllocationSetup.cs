namespace OvnNestApi.Allocation;

/// <summary>Registers the options of VLAN tag leases (<c>Leases</c>).</summary>
internal static class AllocationSetup
{
    public static IServiceCollection AddAllocation(this IServiceCollection services, IConfiguration configuration)
    {
        services
            .AddOptions<LeaseOptions>()
            .Bind(configuration.GetSection("Leases"))
            .Validate(o => o.Cooldown >= TimeSpan.Zero && o.Cooldown <= TimeSpan.FromDays(1), "Leases__Cooldown must be 0 s to 1 day.")
            .Validate(
                o => o.KeepHistory >= TimeSpan.FromDays(1) && o.KeepHistory <= TimeSpan.FromDays(3660),
                "Leases__KeepHistory must be 1 day to 10 years."
            )
            .ValidateOnStart();
        return services;
    }
}
