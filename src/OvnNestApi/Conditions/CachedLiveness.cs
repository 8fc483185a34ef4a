using Microsoft.Extensions.Options;
using OvnNestApi.Schema;

namespace OvnNestApi.Conditions;

/// <summary>The last <see cref="Liveness"/>, at most half a second old: heartbeats are told in seconds, and answers shall not pay a query for them each.</summary>
internal sealed class CachedLiveness(IOptions<HostOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Keep = TimeSpan.FromMilliseconds(500);
    private volatile Taken? _last;

    public async Task<Liveness> ReadAsync(NestDb db, CancellationToken cancellationToken)
    {
        if (_last is { } last && time.GetElapsedTime(last.At) < Keep)
        {
            return last.Value;
        }

        var value = await Liveness.ReadAsync(db, options.Value, cancellationToken);
        _last = new(value, time.GetTimestamp());
        return value;
    }

    private sealed record Taken(Liveness Value, long At);
}
