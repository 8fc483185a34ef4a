using Microsoft.EntityFrameworkCore;
using Npgsql;
using OvnNestApi.Schema;

namespace OvnNestApi.Data;

/// <summary>
/// Registers the access to PostgreSQL: data source, <see cref="NestDb"/> and its factory, transactions, signals, change feed, and the
/// deletion of old rows.
/// </summary>
internal static class DataSetup
{
    public static IServiceCollection AddData(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(_ => NpgsqlDataSource.Create(ConnectionString(configuration)));
        services.AddPooledDbContextFactory<NestDb>((provider, options) => options.UseNest(provider.GetRequiredService<NpgsqlDataSource>()));
        services.AddScoped(provider => provider.GetRequiredService<IDbContextFactory<NestDb>>().CreateDbContext());
        services
            .AddOptions<TransactionOptions>()
            .Bind(configuration.GetSection("Transactions"))
            .Validate(o => o.Retries is >= 1 and <= 100, "Transactions__Retries must be 1 to 100.")
            .Validate(
                o => o.FirstPause >= TimeSpan.FromMilliseconds(1) && o.FirstPause <= TimeSpan.FromSeconds(1),
                "Transactions__FirstPause must be 1 ms to 1 s."
            )
            .Validate(
                o => o.LongestPause >= TimeSpan.FromMilliseconds(1) && o.LongestPause <= TimeSpan.FromSeconds(10),
                "Transactions__LongestPause must be 1 ms to 10 s."
            )
            .ValidateOnStart();
        services
            .AddOptions<ReconnectOptions>()
            .Bind(configuration.GetSection("Reconnect"))
            .Validate(
                o => o.FirstPause >= TimeSpan.FromMilliseconds(1) && o.FirstPause <= TimeSpan.FromSeconds(1),
                "Reconnect__FirstPause must be 1 ms to 1 s."
            )
            .Validate(
                o => o.LongestPause >= TimeSpan.FromMilliseconds(1) && o.LongestPause <= TimeSpan.FromMinutes(1),
                "Reconnect__LongestPause must be 1 ms to 1 min."
            )
            .ValidateOnStart();
        services.AddSingleton<Transactions>();
        services.AddSingleton<Signals>();
        services.AddSingleton<StateWait>();
        services.AddSingleton<ChangeFeed>();
        services.AddHostedService<SignalRelay>();
        services.AddHostedService<RetentionLoop>();
        return services;
    }

    /// <summary>
    /// Returns the configured connection string with our defaults, such as short timeouts, for the keywords that it does not set.
    /// </summary>
    private static string ConnectionString(IConfiguration configuration)
    {
        var configured = configuration.GetConnectionString("Nest")
            ?? throw new InvalidOperationException(
                "ConnectionStrings__Nest is not set. Set it to the Npgsql connection string of the migrated database."
            );
        var explicitKeywords = new System.Data.Common.DbConnectionStringBuilder { ConnectionString = configured };
        var connection = new NpgsqlConnectionStringBuilder(configured);
        SetDefault("Timeout", 5);
        SetDefault("Command Timeout", 10);
        SetDefault("Cancellation Timeout", 1000);
        SetDefault("Keepalive", 10);
        SetDefault("Application Name", "OvnNestApi");
        SetDefault("Max Auto Prepare", 100);

        // Sessions keep no state that needs a reset, and no statement needs a plan for its parameter values. Both defaults save time on
        // every request. A process that was suspended in a transaction holds its locks for at most 10 s.
        SetDefault("No Reset On Close", true);
        SetDefault(
            "Options",
            "-c idle_in_transaction_session_timeout=10s -c lock_timeout=8s -c plan_cache_mode=force_generic_plan -c jit=off"
        );
        return connection.ConnectionString;

        void SetDefault(string keyword, object value)
        {
            if (!explicitKeywords.ContainsKey(keyword))
            {
                connection[keyword] = value;
            }
        }
    }
}
