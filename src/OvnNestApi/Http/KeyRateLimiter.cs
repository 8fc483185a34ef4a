using System.Collections.Concurrent;
using System.Threading.RateLimiting;

namespace OvnNestApi.Http;

/// <summary>
/// One token bucket per API key, filled when a request takes from it. The framework's partitioned limiter fills its buckets ten times per
/// second, which costs more than everything else that the process does at rest.
/// </summary>
internal sealed class KeyRateLimiter(RateLimitOptions limit) : PartitionedRateLimiter<HttpContext>
{
    private static readonly Granted Unlimited = new();
    private readonly ConcurrentDictionary<Guid, TokenBucketRateLimiter> _buckets = new();

    public override RateLimiterStatistics? GetStatistics(HttpContext resource) => BucketOf(resource)?.GetStatistics();

    protected override RateLimitLease AttemptAcquireCore(HttpContext resource, int permitCount)
    {
        if (BucketOf(resource) is not { } bucket)
        {
            return Unlimited;
        }

        bucket.TryReplenish();
        return bucket.AttemptAcquire(permitCount);
    }

    protected override ValueTask<RateLimitLease> AcquireAsyncCore(
        HttpContext resource,
        int permitCount,
        CancellationToken cancellationToken
    ) => ValueTask.FromResult(AttemptAcquireCore(resource, permitCount));

    protected override void Dispose(bool disposing)
    {
        foreach (var bucket in _buckets.Values)
        {
            bucket.Dispose();
        }

        base.Dispose(disposing);
    }

    private TokenBucketRateLimiter? BucketOf(HttpContext context) =>
        context.Features.Get<Principal>() is { HostId: null } client ? _buckets.GetOrAdd(client.Id, _ => Create()) : null;

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

    /// <summary>Lease of a request that is not limited.</summary>
    private sealed class Granted : RateLimitLease
    {
        public override bool IsAcquired => true;

        public override IEnumerable<string> MetadataNames => [];

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = null;
            return false;
        }
    }
}
