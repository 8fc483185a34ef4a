using System.Collections.Concurrent;
using System.Diagnostics;

namespace OvnNestApi.Tests.Harness;

/// <summary>
/// Counts the commands that Npgsql runs for the code that follows, also for its requests to the API, with or without Entity Framework.
/// </summary>
internal sealed class StatementCounter : IDisposable
{
    // CachedLiveness runs these for the first request in half a second.
    private static readonly string[] Shared = ["FROM leader", "s.seen_at > now() - @silent"];

    private readonly ActivityListener _listener;
    private readonly Activity _counted = new("counted");
    private readonly ConcurrentQueue<string> _statements = new();

    public StatementCounter()
    {
        _counted.SetIdFormat(ActivityIdFormat.W3C);
        _listener = new()
        {
            ShouldListenTo = source => source.Name is "Npgsql" or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.TraceId == _counted.TraceId ? ActivitySamplingResult.AllData : ActivitySamplingResult.None,
            ActivityStopped = Add,
        };
        ActivitySource.AddActivityListener(_listener);
        _counted.Start();
    }

    public int Count => _statements.Count;

    /// <summary>The statements, to show what was counted.</summary>
    public string Text => string.Join("\n--\n", _statements);

    public void Dispose()
    {
        _counted.Dispose();
        _listener.Dispose();
    }

    private void Add(Activity activity)
    {
        // Commands that run elsewhere at the same time belong to other traces. Opening a connection has no text.
        if (
            activity.TraceId == _counted.TraceId
            && activity.GetTagItem("db.query.text") is string text
            && !Shared.Any(part => text.Contains(part, StringComparison.Ordinal))
        )
        {
            _statements.Enqueue(text);
        }
    }
}
