using System.Diagnostics;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace OvnNestApi.Tests.Harness;

/// <summary>
/// Counts the statements that Entity Framework has run in one database since <see cref="Start"/> and that contain a text.
/// </summary>
internal sealed class QueryCounter(string database, string text)
    : IObserver<DiagnosticListener>,
        IObserver<KeyValuePair<string, object?>>,
        IDisposable
{
    private readonly List<IDisposable> _subscriptions = [];
    private int _count;

    public QueryCounter Start()
    {
        _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));
        return this;
    }

    public int Count => _count;

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == "Microsoft.EntityFrameworkCore")
        {
            _subscriptions.Add(value.Subscribe(this));
        }
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (
            value.Key == RelationalEventId.CommandExecuted.Name
            && value.Value is CommandEventData { Command: { Connection: { } connection } command }
            && database.Contains(connection.Database, StringComparison.Ordinal)
            && command.CommandText.Contains(text, StringComparison.Ordinal)
        )
        {
            Interlocked.Increment(ref _count);
        }
    }

    public void OnCompleted() { }

    public void OnError(Exception error) { }

    public void Dispose() => _subscriptions.ForEach(subscription => subscription.Dispose());
}
