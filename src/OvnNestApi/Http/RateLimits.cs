using System.Collections.Concurrent;
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

/// <summary>
/// One token bucket per API key, filled when a request takes from it. Agents are not limited, because long polls pace them. The framework's
/// middleware runs a timer ten times per second, which would be most of what the process does at rest.
/// </summary>
internal sealed class RateLimits(RateLimitOptions limit) : IDisposable
{
    private readonly ConcurrentDictionary<Guid, TokenBucketRateLimiter> _buckets = new();

    /// <summary>Middleware: rejects the request if its key has no token.</summary>
    public async Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        using var lease = Take(context);
        if (lease is null or { IsAcquired: true })
        {
            await next(context);
            return;
        }

        var retryAfter = lease.TryGetMetadata(MetadataName.RetryAfter, out var time) ? time : TimeSpan.FromSeconds(1);
        await new ProblemResult(Problem.RateLimited(retryAfter)).ExecuteAsync(context);
    }

    public void Dispose()
    {
        foreach (var bucket in _buckets.Values)
        {
            bucket.Dispose();
        }
    }

    /// <summary>Takes a token; returns null if the sender is not limited.</summary>
    private RateLimitLease? Take(HttpContext context)
    {
        if (limit.PerSecond <= 0 || context.Features.Get<Principal>() is not { HostId: null } client)
        {
            return null;
        }

        var bucket = _buckets.GetOrAdd(client.Id, _ => Create());
        bucket.TryReplenish();
        return bucket.AttemptAcquire();
    }

    private TokenBucketRateLimiter Create() =>
        new(
            new()
            {
                TokenLimit = Math.Max(1, limit.Burst),
                TokensPerPeriod = Math.Max(1, limit.PerSecond),
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                AutoReplenishment = false,
            }
        );
}
