using System.Text.RegularExpressions;
using OvnNestApi.Northbound;

namespace OvnNestApi.Reconciling;

/// <summary>Registers the reconciler.</summary>
internal static partial class ReconcilingSetup
{
    /// <summary>Registers the options (sections <c>Reconciler</c> and <c>Northbound</c>) and the background service.</summary>
    /// <param name="kinds">All kinds of resources that have rows in the NB, in the lock order.</param>
    public static IServiceCollection AddReconciling(
        this IServiceCollection services,
        IConfiguration configuration,
        IEnumerable<ReconciledKind> kinds
    )
    {
        AddReconcilerOptions(services, configuration);
        AddNorthboundOptions(services, configuration);
        services.AddSingleton(provider => new Leadership(
            provider.GetRequiredService<Npgsql.NpgsqlDataSource>(),
            provider.GetRequiredService<Microsoft.Extensions.Options.IOptions<ReconcilerOptions>>().Value
        ));
        services.AddSingleton(new ReconciledKinds([.. kinds]));
        services.AddSingleton<NorthboundDbAccess>();
        services.AddSingleton<Backlog>();
        services.AddSingleton<PassRecords>();
        services.AddSingleton<PassRecorder>();
        services.AddHostedService<Reconciler>();
        return services;
    }

    private static void AddReconcilerOptions(IServiceCollection services, IConfiguration configuration) =>
        services
            .AddOptions<ReconcilerOptions>()
            .Bind(configuration.GetSection("Reconciler"))
            .Validate(o => o.Resync >= TimeSpan.FromMilliseconds(100), "Reconciler__Resync must be at least 100 ms.")
            .Validate(
                o => o.Linger >= TimeSpan.Zero && o.Linger <= TimeSpan.FromSeconds(1),
                "Reconciler__Linger must be between 0 and 1 s."
            )
            .Validate(
                o => o.UpDebounce >= TimeSpan.Zero && o.UpDebounce <= TimeSpan.FromMinutes(1),
                "Reconciler__UpDebounce must be between 0 and 1 min."
            )
            .Validate(o => o.Poll >= TimeSpan.FromMilliseconds(10), "Reconciler__Poll must be at least 10 ms.")
            .Validate(
                o => o.FirstRetryPause >= TimeSpan.FromMilliseconds(1) && o.FirstRetryPause <= TimeSpan.FromMinutes(1),
                "Reconciler__FirstRetryPause must be between 1 ms and 1 min."
            )
            .Validate(
                o => o.LongestRetryPause >= o.FirstRetryPause && o.LongestRetryPause <= TimeSpan.FromHours(1),
                "Reconciler__LongestRetryPause must be between Reconciler__FirstRetryPause and 1 hour."
            )
            .Validate(o => o.Heartbeat * 2 <= o.TakeOverAfter, "Reconciler__TakeOverAfter must be at least two heartbeats.")
            .Validate(
                o => o is { PassSize: > 0, PortsPerSwitch: > 0, ObjectsPerTransaction: > 0, RepairsPerMinute: > 0 },
                "Reconciler__PassSize, __PortsPerSwitch, __ObjectsPerTransaction and __RepairsPerMinute must be at least 1."
            )
            .ValidateOnStart();

    private static void AddNorthboundOptions(IServiceCollection services, IConfiguration configuration) =>
        services
            .AddOptions<NorthboundOptions>()
            .Bind(configuration.GetSection("Northbound"))
            .Validate(o => InstanceName().IsMatch(o.Instance), "Northbound__Instance must consist of 1 to 63 letters, digits and dashes.")
            .Validate(
                o => o.Tls.CaFile is not null || !o.Endpoints.Contains("ssl:", StringComparison.Ordinal),
                "ssl: in Northbound__Endpoints needs Northbound__Tls__CaFile."
            )
            .ValidateOnStart();

    [GeneratedRegex("^[A-Za-z0-9-]{1,63}\\z")]
    private static partial Regex InstanceName();
}
