using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OvnNestApi.Data;
using OvnNestApi.Schema;
using HostOptions = OvnNestApi.Conditions.HostOptions;

namespace OvnNestApi.Agents;

/// <summary>
/// Records which hosts' agents have contacted this process, and writes the times to the database in batches: a thousand open polls cost one
/// statement every 5 s. A write states how long ago the contact was, so that a late write makes no silent host look alive.
/// </summary>
internal sealed partial class HostPresence(
    IDbContextFactory<NestDb> databases,
    IOptions<HostOptions> options,
    TimeProvider time,
    ILogger<HostPresence> logger
) : BackgroundService
{
    private const string Write = """
        INSERT INTO host_status (host_id, seen_at, applied_revision, unknown)
            SELECT h.id, now() - contact.age, 0, '{}' FROM hosts h
            JOIN unnest(@hosts, @ages) AS contact (host_id, age) ON contact.host_id = h.id ORDER BY h.id
        ON CONFLICT (host_id) DO UPDATE SET seen_at = greatest(host_status.seen_at, excluded.seen_at)
        """;

    private static readonly TimeSpan LongestPace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestPace = TimeSpan.FromMilliseconds(500);
    private readonly ConcurrentDictionary<Guid, int> _polls = new();
    private readonly ConcurrentDictionary<Guid, long> _seen = new(); // timestamps of the last contacts that are not yet written
    private readonly ConcurrentDictionary<Guid, bool> _written = new();
    private readonly Signal _first = new();

    /// <summary>Time between two writes: a small part of the time after which a host counts as silent.</summary>
    private TimeSpan Pace
    {
        get
        {
            var part = options.Value.SilentAfter / 6;
            return part > LongestPace ? LongestPace : TimeSpan.FromTicks(Math.Max(part.Ticks, ShortestPace.Ticks));
        }
    }

    /// <summary>Counts the host as present until the result is disposed.</summary>
    public IDisposable Poll(Guid host)
    {
        _polls.AddOrUpdate(host, 1, (_, open) => open + 1);
        Seen(host);
        return new OpenPoll(this, host);
    }

    /// <summary>Records a sign of life of the host's agent. The first one of each host is written at once.</summary>
    public void Seen(Guid host)
    {
        _seen[host] = time.GetTimestamp();
        if (_written.TryAdd(host, true))
        {
            _first.Set();
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var first = _first.Next;
            try
            {
                await WriteAsync(cancellationToken);
                await Signal.WaitAsync(first, Pace, time, cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogFailure(e.Message);
                await Task.Delay(Pace, time, cancellationToken);
            }
        }
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        var polling = _polls.Keys.ToHashSet();
        var seen = _seen.ToArray();
        var gone = seen.Where(contact => !polling.Contains(contact.Key)).ToArray();
        Guid[] hosts = [.. polling, .. gone.Select(contact => contact.Key)];
        if (hosts.Length == 0)
        {
            return;
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        TimeSpan[] ages = [.. polling.Select(_ => TimeSpan.Zero), .. gone.Select(contact => time.GetElapsedTime(contact.Value))];
        await db.ExecuteAsync(Write, cancellationToken, ("hosts", hosts), ("ages", ages));
        foreach (var contact in seen)
        {
            _seen.TryRemove(contact); // a later contact stays
        }
    }

    private void Close(Guid host)
    {
        Seen(host);
        if (_polls.AddOrUpdate(host, 0, (_, open) => open - 1) == 0)
        {
            _polls.TryRemove(KeyValuePair.Create(host, 0));
        }
    }

    private sealed class OpenPoll(HostPresence presence, Guid host) : IDisposable
    {
        public void Dispose() => presence.Close(host);
    }

    [LoggerMessage(LogLevel.Warning, "The last contact times of hosts could not be written and are written later: {Error}")]
    private partial void LogFailure(string error);
}
