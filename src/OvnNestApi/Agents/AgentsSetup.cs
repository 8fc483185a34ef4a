namespace OvnNestApi.Agents;

/// <summary>Registers what agents use: the intake of reports, the long poll for work, and the presence of hosts.</summary>
internal static class AgentsSetup
{
    public static IServiceCollection AddAgents(this IServiceCollection services)
    {
        services.AddSingleton<ReportIntake>();
        services.AddSingleton<WorkPoll>();
        services.AddSingleton<HostPresence>();
        services.AddHostedService(provider => provider.GetRequiredService<HostPresence>());
        return services;
    }
}
