using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Placements;
using OvnNestApi.VlanLeases;

namespace OvnNestApi.Hosts;

/// <summary>What hosts and their agents need of this process: leases, placements, work, reports, wake-ups.</summary>
internal static class HostSide
{
    /// <summary>Options (<c>Hosts</c>, <c>Leases</c>), <see cref="Settlement"/>, and the background loops.</summary>
    public static IServiceCollection AddHostSide(this IServiceCollection services, IConfiguration configuration)
    {
        services
            .AddOptions<HostOptions>()
            .Bind(configuration.GetSection("Hosts"))
            .Validate(
                o => o.SilentAfter >= TimeSpan.FromSeconds(1) && o.SilentAfter <= TimeSpan.FromDays(1),
                "Hosts__SilentAfter: 1 s to 1 day."
            )
            .ValidateOnStart();
        services
            .AddOptions<LeaseOptions>()
            .Bind(configuration.GetSection("Leases"))
            .Validate(o => o.Cooldown >= TimeSpan.Zero && o.Cooldown <= TimeSpan.FromDays(1), "Leases__Cooldown: 0 s to 1 day.")
            .Validate(
                o => o.KeepHistory >= TimeSpan.FromDays(1) && o.KeepHistory <= TimeSpan.FromDays(3660),
                "Leases__KeepHistory: 1 day to 10 years."
            )
            .ValidateOnStart();
        services.AddSingleton<Settlement>();
        services.AddSingleton<Reports>();
        services.AddSingleton<LeaseReading>();
        services.AddSingleton<WorkPoll>();
        services.AddSingleton<HostPresence>();
        services.AddHostedService(provider => provider.GetRequiredService<HostPresence>());
        services.AddHostedService<SignalRelay>();
        services.AddHostedService<Sweeper>();
        services.AddHostedService<HistoryRetention>();
        return services;
    }

    /// <summary>Enrolment, work, reports, credentials, leases and readiness, below <c>/v1</c>.</summary>
    public static void MapHostSide(this IEndpointRouteBuilder api)
    {
        api.MapEnrolments();
        api.MapAgents();
        api.MapVlanLeases();
        api.MapVlanPictures();
        api.MapReadiness();
    }
}
