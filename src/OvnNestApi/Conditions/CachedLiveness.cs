using Microsoft.Extensions.Options;
using OvnNestApi.Schema;

namespace OvnNestApi.Conditions;

/// <summary>
/// The <see cref="Liveness"/>, at most 500 ms old. Heartbeats have a resolution of seconds, so a query for each request would be wasted.
/// </summary>
internal sealed class CachedLiveness(IOptions<HostOptions> options, TimeProvider time)
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromMilliseconds(500);
    private volatile Entry? _last;

    /// <summary>Returns the cached state, or reads it if it is too old.</summary>
    public async Task<Liveness> ReadAsync(NestDb db, CancellationToken cancellationToken)
    {
        if (_last is { } last && time.GetElapsedTime(last.ReadAt) < MaxAge)
        {
            return last.Value;
        }

        var value = await Liveness.ReadAsync(db, options.Value, cancellationToken);
        _last = new(value, time.GetTimestamp());
        return value;
    }

    private sealed record Entry(Liveness Value, long ReadAt);
}
