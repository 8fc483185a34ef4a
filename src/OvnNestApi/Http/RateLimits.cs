using System.Threading.RateLimiting;
using OvnNestApi.Problems;

namespace OvnNestApi.Http;

/// <summary>Configuration section <c>RateLimit</c>: limits of one API key.</summary>
internal sealed class RateLimitOptions
{
    /// <summary>Requests per second on average; 0 for no limit.</summary>
    public int PerSecond { get; set; } = 2000;

    /// <summary>Requests that a key can send at once after a pause (size of the token bucket).</summary>
    public int Burst { get; set; } = 10000;
}

/// <summary>Rejects requests of an API key that sends too many. Agents are not limited, because long polls pace them.</summary>
internal static class RateLimits
{
    public static IServiceCollection AddRateLimits(this IServiceCollection services, IConfiguration configuration)
    {
        var limit = configuration.GetSection("RateLimit").Get<RateLimitOptions>() ?? new();
        return services.AddRateLimiter(options =>
        {
            options.GlobalLimiter = limit.PerSecond > 0 ? new KeyRateLimiter(limit) : null;
            options.OnRejected = (rejected, _) =>
            {
                var retryAfter = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var time) ? time : TimeSpan.FromSeconds(1);
                return new(new ProblemResult(Problem.RateLimited(retryAfter)).ExecuteAsync(rejected.HttpContext));
            };
        });
    }
}
