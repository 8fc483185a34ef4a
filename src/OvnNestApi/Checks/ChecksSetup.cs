using Microsoft.Extensions.Options;

namespace OvnNestApi.Checks;

/// <summary>Registers the options of checks (section <c>Checks</c>), and their retention.</summary>
internal static class ChecksSetup
{
    public static IServiceCollection AddChecks(this IServiceCollection services, IConfiguration configuration)
    {
        services
            .AddOptions<CheckOptions>()
            .Bind(configuration.GetSection("Checks"))
            .Validate(
                o => o.Keep >= TimeSpan.FromDays(1) && o.Keep <= TimeSpan.FromDays(3650),
                "Checks__Keep must be between 1 day and 10 years."
            )
            .ValidateOnStart();
        services.AddSingleton(provider => CheckStore.Retention(provider.GetRequiredService<IOptions<CheckOptions>>().Value.Keep));
        return services;
    }
}
