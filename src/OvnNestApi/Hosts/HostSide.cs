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
        services.Configure<HostOptions>(configuration.GetSection("Hosts"));
        services.Configure<LeaseOptions>(configuration.GetSection("Leases"));
        services.AddSingleton<Settlement>();
        services.AddSingleton<Reports>();
        services.AddSingleton<WorkPoll>();
        services.AddSingleton<HostPresence>();
        services.AddHostedService(provider => provider.GetRequiredService<HostPresence>());
        services.AddHostedService<SignalRelay>();
        services.AddHostedService<Sweeper>();
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
