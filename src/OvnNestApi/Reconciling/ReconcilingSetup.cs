using System.Text.RegularExpressions;
using OvnNestApi.Northbound;

namespace OvnNestApi.Reconciling;

/// <summary>The reconciler as services and endpoints.</summary>
internal static partial class ReconcilingSetup
{
    /// <summary>Options (<c>Reconciler</c>, <c>Northbound</c>) and the background loop.</summary>
    public static IServiceCollection AddReconciling(this IServiceCollection services, IConfiguration configuration)
    {
        services
            .AddOptions<ReconcilerOptions>()
            .Bind(configuration.GetSection("Reconciler"))
            .Validate(o => o.Resync >= TimeSpan.FromMilliseconds(100), "Reconciler__Resync is at least 100 ms.")
            .Validate(o => o.Linger >= TimeSpan.Zero && o.Linger <= TimeSpan.FromSeconds(1), "Reconciler__Linger is 0 to 1 s.")
            .Validate(
                o => o.UpDebounce >= TimeSpan.Zero && o.UpDebounce <= TimeSpan.FromMinutes(1),
                "Reconciler__UpDebounce is 0 to 1 min."
            )
            .Validate(o => o.Poll >= TimeSpan.FromMilliseconds(10), "Reconciler__Poll is at least 10 ms.")
            .Validate(o => o.Heartbeat * 2 <= o.TakeOverAfter, "Reconciler__TakeOverAfter is at least two heartbeats.")
            .Validate(
                o => o is { PassSize: > 0, PortsPerSwitch: > 0, ObjectsPerTransaction: > 0, RepairsPerMinute: > 0 },
                "Reconciler's sizes and counts are at least 1."
            )
            .ValidateOnStart();
        services
            .AddOptions<NorthboundOptions>()
            .Bind(configuration.GetSection("Northbound"))
            .Validate(o => InstanceName().IsMatch(o.Instance), "Northbound__Instance is 1 to 63 letters, digits and dashes.")
            .Validate(
                o => o.Tls.CaFile is not null || !o.Endpoints.Contains("ssl:", StringComparison.Ordinal),
                "ssl: in Northbound__Endpoints needs Northbound__Tls__CaFile."
            )
            .ValidateOnStart();
        services.AddSingleton(provider => new Leadership(
            provider.GetRequiredService<Npgsql.NpgsqlDataSource>(),
            provider.GetRequiredService<Microsoft.Extensions.Options.IOptions<ReconcilerOptions>>().Value
        ));
        services.AddHostedService<Reconciler>();
        return services;
    }

    [GeneratedRegex("^[A-Za-z0-9-]{1,63}\\z")]
    private static partial Regex InstanceName();
}
