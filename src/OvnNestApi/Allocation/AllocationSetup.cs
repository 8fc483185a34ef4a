using Microsoft.Extensions.Options;
using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>Registers the options of VLAN tag leases (<c>Leases</c>) and of addresses (<c>Addresses</c>).</summary>
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
        services
            .AddOptions<AddressOptions>()
            .Bind(configuration.GetSection("Addresses"))
            .Validate(
                o => o.MacPrefix.Length <= "02:00:00".Length && MacPrefix.TryParse(o.MacPrefix, out _),
                "Addresses__MacPrefix must be 1 to 3 hex octets with colons, such as 02:ac:10; the first must be even (unicast)."
            )
            .ValidateOnStart();
        services.AddSingleton(provider => Prefix(provider.GetRequiredService<IOptions<AddressOptions>>().Value));
        return services;
    }

    private static MacPrefix Prefix(AddressOptions options) =>
        MacPrefix.TryParse(options.MacPrefix, out var prefix)
            ? prefix
            : throw new FormatException($"Not a MAC prefix: {options.MacPrefix}");
}
