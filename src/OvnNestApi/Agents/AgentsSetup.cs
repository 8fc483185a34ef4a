namespace OvnNestApi.Agents;

/// <summary>Registers the services behind the agent endpoints: report intake, long poll for work, and host presence.</summary>
internal static class AgentsSetup
{
    public static IServiceCollection AddAgents(this IServiceCollection services)
    {
        services.AddSingleton<AgentSessions>();
        services.AddSingleton<ReportIntake>();
        services.AddSingleton<WorkPoll>();
        services.AddSingleton<HostPresence>();
        services.AddHostedService(provider => provider.GetRequiredService<HostPresence>());
        return services;
    }
}
