using System.Diagnostics;

namespace OvnNestApi.Tests.Harness;

/// <summary>
/// Counts the commands that were run in one database since <see cref="Start"/> and whose SQL contains a text: those of all processes, or
/// with <see cref="OfCaller"/> only those that the test itself runs.
/// </summary>
internal sealed class QueryCounter(string database, string text) : IDisposable
{
    private readonly ActivityListener _listener = new()
    {
        ShouldListenTo = source => source.Name == "Npgsql",
        Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
    };
    private readonly Activity _caller = new("test");
    private int _count;

    /// <summary>Part of the SQL of commands that are not counted; null if all are.</summary>
    public string? Except { get; init; }

    /// <summary>True to count only the commands that the caller of <see cref="Start"/> runs afterwards.</summary>
    public bool OfCaller { get; init; }

    public QueryCounter Start()
    {
        if (OfCaller)
        {
            _caller.Start();
        }

        _listener.ActivityStopped = activity =>
        {
            if (
                activity.GetTagItem("db.namespace") is string name
                && database.Contains(name, StringComparison.Ordinal)
                && activity.GetTagItem("db.query.text") is string sql
                && sql.Contains(text, StringComparison.Ordinal)
                && (Except is null || !sql.Contains(Except, StringComparison.Ordinal))
                && (!OfCaller || activity.TraceId == _caller.TraceId)
            )
            {
                Interlocked.Increment(ref _count);
            }
        };
        ActivitySource.AddActivityListener(_listener);
        return this;
    }

    public int Count => _count;

    public void Dispose()
    {
        _listener.Dispose();
        _caller.Dispose();
    }
}
