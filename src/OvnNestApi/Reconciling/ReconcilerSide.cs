namespace OvnNestApi.Reconciling;

/// <summary>The reconciler as services and endpoints.</summary>
internal static class ReconcilerSide
{
    /// <summary>Options (<c>Reconciler</c>, <c>Northbound</c>) and the background loop.</summary>
    public static IServiceCollection AddReconciler(this IServiceCollection services, IConfiguration configuration)
    {
        services.Configure<ReconcilerOptions>(configuration.GetSection("Reconciler"));
        services.Configure<NorthboundOptions>(configuration.GetSection("Northbound"));
        services.AddSingleton(provider => new Leadership(
            provider.GetRequiredService<Npgsql.NpgsqlDataSource>(), provider.GetRequiredService<Microsoft.Extensions.Options.IOptions<ReconcilerOptions>>().Value));
        services.AddHostedService<Reconciler>();
        return services;
    }
}
