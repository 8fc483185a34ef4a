namespace OvnNestApi.Plans;

/// <summary>Registers the plans.</summary>
internal static class PlansSetup
{
    public static IServiceCollection AddPlans(this IServiceCollection services) => services.AddSingleton<Planner>();
}
